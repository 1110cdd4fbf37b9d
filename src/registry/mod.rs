//! How far each source is safely delivered: the ledger in memory, the store on disk.

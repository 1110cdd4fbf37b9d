#!/usr/bin/env bash
# One Elasticsearch node in the foreground: elasticsearch.sh DISTRIBUTION DIR HTTP_PORT ["setting: value"]...
#
# DISTRIBUTION is an unpacked archive and stays as it is. All that the node writes goes to DIR: config/, data/, logs/, tmp/, and `pid`,
# which names the server process (this script becomes its launcher; the server ends when the launcher does).
# Started again with the same DIR and port it is the same node with the same data. Elasticsearch refuses root, so root becomes `nobody`.
set -euo pipefail

distribution=$1 dir=$2 port=$3
shift 3

mkdir -p "$dir"/{config,data,logs,tmp}
cp "$distribution"/config/{role_mapping.yml,roles.yml} "$dir/config/"
touch "$dir"/config/{users,users_roles}
cat >"$dir/config/elasticsearch.yml" <<YML
cluster.name: timberline-test
node.name: node-$port
discovery.type: single-node
network.host: 127.0.0.1
http.port: $port
transport.port: 0
path.data: $dir/data
path.logs: $dir/logs
cluster.routing.allocation.disk.threshold_enabled: false
YML
# Security is a setting of its own: a test that wants it says so.
case "$*" in *xpack.security.enabled*) ;; *) set -- "xpack.security.enabled: false" "$@" ;; esac
printf '%s\n' "$@" >>"$dir/config/elasticsearch.yml"
cat >"$dir/config/log4j2.properties" <<'LOG'
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] %marker%m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
LOG
# A small heap and the collector with the fewest threads: the engine shares two cores with what is tested.
cat >"$dir/config/jvm.options" <<'JVM'
-Xms1g
-Xmx1g
-XX:+UseSerialGC
-XX:-AlwaysPreTouch
-XX:+ExitOnOutOfMemoryError
-Djava.io.tmpdir=${ES_TMPDIR}
JVM

export ES_PATH_CONF=$dir/config ES_TMPDIR=$dir/tmp ES_JAVA_HOME=${ES_JAVA_HOME:?names the JDK (17 to 23) that runs Elasticsearch}
run=("$distribution/bin/elasticsearch" --pidfile "$dir/pid")
if [ "$(id -u)" = 0 ]; then
  chown -R nobody "$dir"
  run=(setpriv --reuid nobody --regid nogroup --clear-groups "${run[@]}")
fi
cd "$dir"
rm -f pid
exec "${run[@]}"

# The image holds one static binary and the shipped pipelines, nothing else: no shell, no libc, no package manager.
# `./dev image` builds the binary, lays out the folder that this file is built from, and runs the result.
FROM scratch

COPY timberline /timberline
COPY pipelines/ /pipelines/
COPY --chown=65532:65532 data/ /data/

# Not root. Reading the Docker socket needs its group: `docker run --group-add $(stat -c %g /var/run/docker.sock)`.
USER 65532:65532
ENV PATH=/
WORKDIR /
VOLUME /data
EXPOSE 9600
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["/timberline", "health"]
ENTRYPOINT ["/timberline"]
CMD ["run", "--path.data", "/data", "--api.http.host", "0.0.0.0"]

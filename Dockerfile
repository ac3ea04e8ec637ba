# ./run image runs the last stage's steps without Docker, and tries what comes out.
FROM debian:bookworm-slim AS build
WORKDIR /src
COPY . .
RUN ./run build && strip -o /sluice build/release/sluice

FROM debian:bookworm-slim
# libmariadb3 brings the plugins by which Sluice's own account logs in; ca-certificates verifies throttle_http and the
# primary; tzdata knows the time zones of cut_over_window.
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      libmariadb3 libprometheus-cpp-core1.0 libssl3 libzstd1 liburing2 zlib1g libboost-url1.81.0 libboost-json1.81.0 \
      libboost-container1.81.0 libspdlog1.10 libfmt9 libyaml-cpp0.7 ca-certificates tzdata \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
COPY --from=build /sluice /usr/local/bin/sluice
USER 10001:10001
EXPOSE 3307 8080
ENTRYPOINT ["/usr/local/bin/sluice"]
CMD ["--help"]

# The images of the product. Targets: `api`, `worker`, and `migrations`, whose entry is the operator's command.
#
#   docker build --target api -t compute-api .
#
# Where the registries differ from the public ones: `--build-arg NODE_IMAGE=…`, `--build-arg NPM_CONFIG_REGISTRY=…`, and a file
# `extra-ca.pem` beside this one with the certificates that npm has to trust besides.

# To pin by digest: --build-arg NODE_IMAGE=node:24.21.0-bookworm-slim@sha256:… (docker buildx imagetools inspect shows it).
ARG NODE_IMAGE=node:24.21.0-bookworm-slim
# The base of what runs. It needs Node 24 on the PATH and nothing else, not even a shell.
ARG RUNTIME_IMAGE=${NODE_IMAGE}

# What npm reads, and nothing else: the layers with the dependencies stay as long as these files do.
FROM ${NODE_IMAGE} AS manifests
WORKDIR /source
COPY . .
RUN mkdir /manifests && cp --parents .npmrc package-lock.json $(find . -name package.json -o -name extra-ca.pem) /manifests

FROM ${NODE_IMAGE} AS npm
WORKDIR /build
ARG NPM_CONFIG_REGISTRY
# Node leaves it at a warning when the file is not there.
ENV NODE_EXTRA_CA_CERTS=/build/extra-ca.pem
COPY --from=manifests /manifests .

FROM npm AS compiled
RUN npm ci --ignore-scripts --include=dev --include=optional
COPY . .
RUN npm run generate && npx tsc -b services/api services/worker deploy/operate
RUN node deploy/images/assemble.mjs /assembled

FROM npm AS dependencies
RUN npm ci --ignore-scripts --omit=dev --omit=optional -w services/api -w services/worker -w deploy/operate
COPY deploy/images/slim.mjs .
RUN node slim.mjs node_modules

# What all images share: dependencies, libraries, the operator's command.
FROM ${RUNTIME_IMAGE} AS production
WORKDIR /app
ENV NODE_ENV=production \
    BIND_HOST=0.0.0.0 \
    REST_PORT=8080 \
    GRPC_PORT=9090 \
    KUBE_PORT=8443 \
    METRICS_PORT=9464 \
    PATH=/app/bin:/usr/local/bin:/usr/bin:/bin:/nodejs/bin
COPY --from=dependencies /build/node_modules node_modules
COPY --from=compiled /assembled/shared .
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.vendor="VM control plane" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# By number, so that Kubernetes can see that it is not root.
USER 65532:65532

FROM production AS api
LABEL org.opencontainers.image.title="compute-api" \
      org.opencontainers.image.description="REST, gRPC and kubectl in front of the VM control plane"
COPY --from=compiled /assembled/api .
EXPOSE 8080 9090 8443
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["node", "bin/is-ready.mjs", "api"]
ENTRYPOINT ["node", "services/api/dist/main.js"]

FROM production AS worker
LABEL org.opencontainers.image.title="compute-worker" \
      org.opencontainers.image.description="Drives KubeVirt and CDI for the VM control plane"
COPY --from=compiled /assembled/worker .
EXPOSE 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["node", "bin/is-ready.mjs", "worker"]
ENTRYPOINT ["node", "services/worker/dist/main.js"]

# The last stage is what a build without a target makes: the one that does least by mistake.
FROM production AS migrations
LABEL org.opencontainers.image.title="compute-migrations" \
      org.opencontainers.image.description="The operator's command of the VM control plane; applies migrations when nothing else is asked"
ENTRYPOINT ["node", "deploy/operate/bin/operate.mjs"]
CMD ["migrate"]

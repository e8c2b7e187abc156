# Immich Bridge on the official Node-RED image: docs/docker.md.
# Its Debian sister, NODE_RED_TAG=5.0.4-debian, can run nvidia-smi; the ordinary one, on Alpine, cannot.
ARG NODE_RED_TAG=5.0.4

FROM node:24-alpine AS pack
WORKDIR /source
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN mkdir /packed && npm pack --pack-destination /packed

FROM nodered/node-red:${NODE_RED_TAG}
# Into the image's own folder of packages, so that /data holds nothing but what is yours. The flow that the base image
# puts there would be taken for one of yours.
RUN --mount=type=bind,from=pack,source=/packed,target=/packed \
    npm install --omit=dev --no-audit --no-fund --no-update-notifier --cache /tmp/npm /packed/*.tgz \
    && rm -rf /tmp/npm /data/flows.json

ENV IMMICH_BRIDGE_DIR=/data \
    WATCH_DIRECTORIES=/photos/inbox \
    ARCHIVE_DIRECTORY=/photos/archive \
    HOST=0.0.0.0 \
    PORT=1880

# The one of the base image reads /data/settings.js, which need not be there.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/`).then(({ status }) => process.exit(status < 500 ? 0 : 1), () => process.exit(1))"]

USER node-red
ENTRYPOINT ["immich-bridge"]
CMD ["start"]

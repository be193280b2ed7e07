# Tierdesk without its embedded database: give it DATABASE_URL and TIERDESK_SECRET_KEY.
FROM node:24-slim
LABEL org.opencontainers.image.title="Tierdesk" org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional && npm cache clean --force
COPY migrations ./migrations
COPY schema ./schema
COPY openapi.yaml ./
COPY src ./src
USER node
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+process.env.PORT+'/livez').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
# A small young generation: loading the modules makes much garbage at once, which would stay resident.
# SIGTERM drains: running requests are answered, then the process ends.
CMD ["node", "--max-semi-space-size=8", "src/main.ts"]

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** What Immich's two Prometheus endpoints have counted; what is not given is not there. */
export interface MetricsState {
  /** Of kinds of jobs, as in `asset_generate_thumbnails`. */
  readonly failedJobs?: Readonly<Record<string, number>>;
  readonly requests?: number;
  /** Upper bound of a bucket in milliseconds to how many requests took at most that long. */
  readonly durations?: Readonly<Record<string, number>>;
}

/** The text that Immich would write, in the form of a recorded 2.7.5. */
export function metricsText({ failedJobs = {}, requests, durations = {} }: MetricsState): string {
  const scope = 'otel_scope_name="nestjs-otel"';
  const lines = [
    '# HELP target_info Target metadata',
    '# TYPE target_info gauge',
    'target_info{service_name="immich",service_version="2.7.5"} 1',
    ...Object.entries(failedJobs).flatMap(([job, count]) => [
      `# TYPE immich_jobs_${job}_failed_total counter`,
      `immich_jobs_${job}_failed_total{${scope}} ${count}`,
      `immich_jobs_${job}_success_total{${scope}} 1000`,
    ]),
    ...(requests === undefined
      ? []
      : [
          '# UNIT http_server_request_count_total requests',
          `http_server_request_count_total{method="GET",path="/api/server/ping",${scope}} ${requests - 1}`,
          `http_server_request_count_total{method="GET",path="/api/users/me",${scope}} 1`,
        ]),
    ...Object.entries(durations).map(
      ([upTo, count]) =>
        `http_server_duration_bucket{method="GET",status="200",path="/api",${scope},le="${upTo}"} ${count}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

/** A server with one page at `/metrics`, stopped after the test. */
export async function metricsServer(page: MetricsState | string | ((response: ServerResponse) => void)) {
  const heard: IncomingHttpHeaders[] = [];
  const state = { page, heard, url: '' };
  const server = createServer((request, response) => {
    heard.push(request.headers);
    if (request.url !== '/metrics') response.writeHead(404).end('not here');
    else if (typeof state.page === 'function') state.page(response);
    else response.end(typeof state.page === 'string' ? state.page : metricsText(state.page));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
  return state;
}

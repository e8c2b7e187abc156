import type { NodeMessage } from 'node-red';
import { startHealthMonitor } from '../lib/health/health-monitor.js';
import type { HealthReport } from '../lib/health/health-report.js';
import {
  type HealthConfig,
  type HealthSettings,
  parseHealthSettings,
} from '../lib/health/health-settings.js';
import { createHealthWatch, type HealthOutcome } from '../lib/health/health-watch.js';
import { createKeyRights } from '../lib/health/key-rights.js';
import { lookAtServer } from '../lib/health/server-look.js';
import { createMetricsReader } from '../lib/health/server-metrics.js';
import { say } from '../lib/say.js';
import { SettingError, settingText } from '../lib/settings.js';
import { isCommand } from './_command-answer.js';
import { defineNode } from './_define-node.js';
import { createHealthReport } from './_health-report.js';
import type { NodeTools, Output } from './_node-tools.js';
import type { ImmichServer } from './immich-server.js';

interface Config extends HealthConfig {
  server?: string;
}

interface Options extends HealthSettings {
  server: string | undefined;
}

export default defineNode<Config, Options>('immich-health', {
  parse: (config) => ({ server: settingText(config.server), ...parseHealthSettings(config) }),
  create(tools) {
    const { signal, options } = tools;
    const { client, hasKey } = serverOf(tools);
    const { intervalMs, limitMs, limits, metricsAddresses } = options;
    const rights = createKeyRights();
    const metrics = createMetricsReader({ addresses: metricsAddresses, limitMs });
    const nextOutcome = createHealthWatch({ url: client.origin, limits });
    const tell = createHealthReport(tools, hasKey);
    let last: HealthReport | undefined;

    async function look(): Promise<HealthOutcome> {
      const seen = await lookAtServer({ client, hasKey, rights, limitMs }, signal);
      const isCounted = seen.pong !== null && metricsAddresses.length > 0;
      const counted = isCounted ? await metrics.read(signal) : null;
      const outcome = nextOutcome(seen, counted, { date: new Date(), ms: performance.now() });
      last = outcome.report;
      tell(outcome, seen.missing);
      return outcome;
    }

    const monitor = startHealthMonitor({
      look,
      intervalMs,
      signal,
      onOutcome: ({ report, alerts }) => tools.send([reportMessage(report), alertMessages({ alerts })]),
      onError: (error) => tools.report(error, { topic: 'immich/health', payload: null }),
    });
    tools.onStateWanted(() => {
      if (last !== undefined) tools.send([reportMessage(last), null]);
    });
    return {
      async onInput(msg): Promise<Output> {
        if (isCommand(msg)) return undefined;
        rights.forget();
        const { outcome, isShared } = await monitor.lookNow();
        // Whoever began the look tells its alerts.
        return [{ ...msg, ...reportMessage(outcome.report) }, isShared ? null : alertMessages(outcome)];
      },
      async close() {
        await monitor.ended;
        metrics.close();
      },
    };
  },
});

/** A copy, because whoever receives it may change it. */
function reportMessage(report: HealthReport): NodeMessage {
  return { topic: 'immich/health', payload: structuredClone(report) };
}

function alertMessages({ alerts }: Pick<HealthOutcome, 'alerts'>): NodeMessage[] {
  return alerts.map((payload) => ({ topic: 'immich/alert', payload }));
}

/** The server that is watched; it needs no key for that. */
function serverOf(tools: NodeTools<Options>): ImmichServer {
  const { server } = tools.options;
  const work = server === undefined ? undefined : tools.workOf<ImmichServer>(server);
  if (work?.client !== undefined) return work;
  throw new SettingError(
    say`Immich server: none is chosen, or its settings are wrong. Open this node and choose or repair it.`,
  );
}

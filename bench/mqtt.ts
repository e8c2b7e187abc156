/**
 * What telling over MQTT costs the uploads: the shipped flow with 2,000 photos on a Node-RED of its own, with a broker,
 * with a broker that is away, and without one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBroker } from '../test/support/broker.js';
import { writePhotos } from './harness/bench-files.js';
import { answerOf, forkRole } from './harness/child-role.js';
import { nodeForAll } from './harness/node-program.js';
import type { Finding, Report } from './harness/report.js';
import { startStandIn } from './harness/server.js';
import type { BenchSettings } from './harness/settings.js';
import { type Contestant, takeTurns } from './harness/turns.js';
import { nodeRedPipeline } from './programs/node-red-pipeline.js';

const PHOTOS = 2_000;
const PHOTO_BYTES = 5_000;
const PLAIN = 'no broker';
const BROKER = 'a broker';
const AWAY = 'a broker that is away';

/** Part `mqtt` of the bench. */
export async function measure(settings: BenchSettings, report: Report): Promise<void> {
  const title = `${PHOTOS} photos of ${PHOTO_BYTES / 1_000} kB through the shipped flow`;
  if (!settings.wants(title)) return;
  const scratch = mkdtempSync(join(tmpdir(), 'bench-'));
  const server = await startStandIn({ dialect: 'v2' });
  const broker = forkRole('harness/broker-process.js');
  try {
    const brokerUrl = await answerOf<string>(broker);
    const gone = await startBroker();
    await gone.stop();
    const node = nodeForAll();
    const contestants = [
      [PLAIN, ''],
      [BROKER, brokerUrl],
      [AWAY, gone.url],
    ].map(([name = '', mqttUrl = '']): Contestant => {
      const pipeline = nodeRedPipeline(node, { mqttUrl });
      return {
        name,
        async run() {
          const files = writePhotos(join(scratch, 'files'), PHOTOS, PHOTO_BYTES);
          await server.tell('forget');
          return pipeline({ server, files, concurrency: 4, scratch });
        },
      };
    });
    const standings = await takeTurns(contestants, settings.rounds ?? 7);
    const share = (of: string): Finding => ({ kind: 'share', of, to: PLAIN, figure: 'wholeSeconds' });
    report.add({ part: 'mqtt', title, standings, findings: [share(BROKER), share(AWAY)] });
  } finally {
    broker.kill();
    server.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

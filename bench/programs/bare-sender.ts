/** What node:http can do at best: posts each file and nothing else. It neither hashes nor asks nor proves. */
import { createReadStream, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { type WorkerTask, workOnce } from './worker.js';

/** Smaller files are read at once. */
const SMALL_BYTES = 1_000_000;
const PIECE_BYTES = 256 * 1_024;
const DATE = '2026-01-01T00:00:00.000Z';
const TAIL = '\r\n--b--\r\n';

workOnce(async (task) => {
  const agent = new Agent({ keepAlive: true, maxSockets: task.concurrency });
  const waiting = [...task.paths];
  const sendNext = async () => {
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift())
      await post(task, path, agent);
  };
  await Promise.all(Array.from({ length: task.concurrency }, sendNext));
  agent.destroy();
});

function headOf(path: string): string {
  const part = (disposition: string) => `--b\r\nContent-Disposition: form-data; ${disposition}\r\n`;
  const fields = { deviceAssetId: path, deviceId: 'bench', fileCreatedAt: DATE, fileModifiedAt: DATE };
  const texts = Object.entries(fields).map(([name, value]) => `${part(`name="${name}"`)}\r\n${value}\r\n`);
  return `${texts.join('')}${part('name="assetData"; filename="a.jpg"')}\r\n`;
}

async function post({ url, apiKey }: WorkerTask, path: string, agent: Agent): Promise<void> {
  const { size } = statSync(path);
  const small = size <= SMALL_BYTES ? await readFile(path) : undefined;
  const head = headOf(path);
  const headers = {
    'x-api-key': apiKey,
    'content-type': 'multipart/form-data; boundary=b',
    'content-length': Buffer.byteLength(head) + size + TAIL.length,
  };
  await new Promise<void>((resolve, reject) => {
    const sent = request(`${url}/api/assets`, { method: 'POST', agent, headers }, (answer) => {
      if (answer.statusCode !== 201 && answer.statusCode !== 200) reject(new Error(`${answer.statusCode}`));
      answer.resume().once('end', resolve);
    });
    sent.once('error', reject);
    sent.write(head);
    if (small !== undefined) {
      sent.write(small);
      sent.end(TAIL);
    } else {
      createReadStream(path, { highWaterMark: PIECE_BYTES })
        .on('end', () => sent.end(TAIL))
        .pipe(sent, { end: false });
    }
  });
}

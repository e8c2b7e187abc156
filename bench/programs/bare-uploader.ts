/** This pack's uploader without Node-RED: hashes, asks, sends and proves. */
import { statSync } from 'node:fs';
import { createImmichClient } from '../../lib/immich/immich-client.js';
import type { StableFile } from '../../lib/media-file.js';
import { createByteStore } from '../../lib/upload/byte-store.js';
import { uploadFile } from '../../lib/upload/upload-file.js';
import { createUploadQueue } from '../../lib/upload/upload-queue.js';
import { workOnce } from './worker.js';

function recordOf(path: string): StableFile {
  const { size, mtimeMs } = statSync(path);
  const times = { foundAt: '', stableAt: '', quietMs: 0, hasVideoCheck: false };
  return { path, folder: '/', relativePath: path, sizeBytes: size, mtimeMs, ...times };
}

workOnce(async ({ url, apiKey, paths, concurrency }) => {
  const client = createImmichClient({ baseUrl: `${url}/api`, apiKey });
  const stop = new AbortController();
  const store = createByteStore();
  const queue = createUploadQueue<undefined>({
    upload: (file, attempt) => uploadFile(file, { client, trashPolicy: 'hold', store }, attempt),
    settle: (file) => Promise.resolve(file),
    probe: () => Promise.resolve(),
    signal: stop.signal,
    concurrency,
    onProblem: (error) => console.error(error.message),
    onDelay: (error) => console.error(error.message),
    onChange: () => undefined,
  });
  await Promise.all(paths.map((path) => queue.add(recordOf(path), undefined)));
  client.close();
});

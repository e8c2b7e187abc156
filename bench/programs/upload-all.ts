import { statSync } from 'node:fs';
import { createImmichClient, type ImmichClient } from '../../lib/immich/immich-client.js';
import type { StableFile } from '../../lib/media-file.js';
import { createByteStore } from '../../lib/upload/byte-store.js';
import type { UploadQueueOptions } from '../../lib/upload/queue-options.js';
import { type UploadFileOptions, uploadFile } from '../../lib/upload/upload-file.js';
import { createUploadQueue } from '../../lib/upload/upload-queue.js';
import type { WorkerTask } from './worker.js';

type Upload = UploadQueueOptions<undefined>['upload'];

/** Uploads all files of a task through a queue; `around` is what lies around the upload of one file. */
export async function uploadAll(
  { url, apiKey, paths, concurrency }: WorkerTask,
  around: (upload: Upload, client: ImmichClient) => Upload = (upload) => upload,
  rules: Pick<UploadFileOptions, 'mayCreate'> = {},
): Promise<void> {
  const client = createImmichClient({ baseUrl: `${url}/api`, apiKey });
  const store = createByteStore();
  const options = { client, trashPolicy: 'hold', store, ...rules } as const;
  const queue = createUploadQueue<undefined>({
    upload: around((file, attempt) => uploadFile(file, options, attempt), client),
    settle: (file) => Promise.resolve(file),
    probe: () => Promise.resolve(),
    signal: new AbortController().signal,
    concurrency,
    onProblem: (error) => console.error(error.message),
    onDelay: (error) => console.error(error.message),
    onChange: () => undefined,
  });
  await Promise.all(paths.map((path) => queue.add(recordOf(path), undefined)));
  client.close();
}

function recordOf(path: string): StableFile {
  const { size, mtimeMs } = statSync(path);
  const times = { foundAt: '', stableAt: '', quietMs: 0, hasVideoCheck: false };
  return { path, folder: '/', relativePath: path, sizeBytes: size, mtimeMs, ...times };
}

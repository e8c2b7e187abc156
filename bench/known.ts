/**
 * How long a restart takes over 100,000 files that are known and stay where they are, beside one without a memory, and
 * how big the memory is: `npm run bench:known` (KNOWN_FILES sets another number).
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openFileStore } from '../lib/store/file-store.js';
import { sweepFiles } from '../lib/store/sweep-files.js';
import { watchFolders } from '../lib/watch/folder-watch.js';
import type { AreSettled } from '../lib/watch/settled-files.js';

const FOLDERS = 20;
const [SERVER, KEEPER] = ['server', 'keeper'];

/** Runs the bench and gives the lines of its report. */
export async function benchKnown(count = Number(process.env.KNOWN_FILES ?? 100_000)): Promise<string[]> {
  const root = mkdtempSync(join(tmpdir(), 'immich-bridge-known-'));
  try {
    const place = join(root, 'store');
    const photos = join(root, 'photos');
    await fill(photos, place, count);
    const none = await look(photos, undefined);
    const store = openFileStore({ folder: place, onProblem: ({ message }) => console.error(message) });
    const known = await look(photos, (files) => store.areKept([SERVER], new Set([KEEPER]), files));
    const began = performance.now();
    // The pauses of the sweep keep no process alive.
    const alive = setInterval(() => undefined, 1_000);
    const signal = new AbortController().signal;
    await sweepFiles({ store, server: SERVER, signal, most: count, pauseMs: 0 });
    clearInterval(alive);
    const sweptSeconds = (performance.now() - began) / 1_000;
    await store.close();
    const bytes = readdirSync(place).reduce((sum, name) => sum + statSync(join(place, name)).size, 0);
    return [
      `${count} files in ${FOLDERS} folders`,
      `a look without a memory: ${none.seconds.toFixed(1)} s, ${none.found} passed on`,
      `a look with all of them known: ${known.seconds.toFixed(1)} s, ${known.found} passed on`,
      `all of them looked after once, in the background: ${sweptSeconds.toFixed(1)} s without its pauses`,
      `the memory on disk: ${(bytes / 1e6).toFixed(1)} MB, ${Math.round(bytes / count)} bytes a file`,
    ];
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

async function fill(photos: string, place: string, count: number): Promise<void> {
  const store = openFileStore({ folder: place, onProblem: ({ message }) => console.error(message) });
  const at = new Date().toISOString();
  for (let index = 0; index < count; index++) {
    const folder = join(photos, `holiday ${index % FOLDERS}`);
    if (index < FOLDERS) mkdirSync(folder, { recursive: true });
    const path = join(folder, `IMG_${20_000_000 + index}.jpg`);
    writeFileSync(path, 'x');
    const { size: sizeBytes, mtimeMs, ctimeMs } = statSync(path);
    const sha1 = index.toString(16).padStart(40, 'a7c3');
    const of = { path, sizeBytes, mtimeMs, ctimeMs, sha1, uploadOutcome: 'created', uploadedAt: at } as const;
    const assetId = `0f3a5c1e-7b2d-4e8f-9a6b-${String(index).padStart(12, '0')}`;
    store.noteUploaded(SERVER, { ...of, assetId });
    store.noteKept(SERVER, { ...of, assetId, archivedTo: path, archivedAt: at }, KEEPER);
    if (index % 1_000 === 999) await store.flush();
  }
  await store.close();
}

async function look(
  photos: string,
  areSettled: AreSettled | undefined,
): Promise<{ seconds: number; found: number }> {
  const end = new AbortController();
  const began = performance.now();
  let found = 0;
  const watch = await new Promise<ReturnType<typeof watchFolders>>((ready) => {
    const made = watchFolders(
      {
        folders: [photos],
        isRecursive: true,
        isIgnored: () => false,
        minBytes: 0,
        maxBytes: Number.POSITIVE_INFINITY,
        isFollowingLinks: false,
        isPolling: false,
        pollMs: 5_000,
        rescanMs: 300_000,
        ...(areSettled && { areSettled }),
      },
      {
        onFound: () => {
          found += 1;
        },
        onProblem: ({ kind, path }) => console.error(kind, path),
        onChange: (isReady) => isReady && ready(made),
      },
      end.signal,
    );
  });
  const seconds = (performance.now() - began) / 1_000;
  end.abort();
  await watch.ended;
  return { seconds, found };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const line of await benchKnown()) console.log(line);
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { openFileStore } from '../../lib/store/file-store.js';
import { serverId } from '../../lib/store/server-id.js';
import { uploadFile } from '../../lib/upload/upload-file.js';
import { type CommandOptions, runCommand } from '../support/command.js';
import type { StandIn } from '../support/immich-stand-in.js';
import { clientOf, sha1Of, stableFile, standIn, tempFolder } from '../support/world.js';

/** Each test starts some processes, on a machine that may be busy. */
vi.setConfig({ testTimeout: 120_000 });

let server: StandIn;
let options: CommandOptions & { readonly cwd: string };
beforeEach(async () => {
  const cwd = tempFolder();
  mkdirSync(join(cwd, 'archive'));
  server = await standIn();
  const env = { IMMICH_API_URL: server.url, IMMICH_API_KEY: server.apiKey, ARCHIVE_DIRECTORY: 'archive' };
  options = { cwd, env };
});

const inArchive = (name: string) => join(options.cwd, 'archive', name);

/** Uploads a file of the archive as it lies there; the memory knows of it if that is wanted. */
async function uploaded(name: string, isRemembered = false): Promise<string> {
  const file = await stableFile(inArchive(name), `bytes of ${name}`);
  const proven = await uploadFile(file, { client: clientOf(server), trashPolicy: 'hold' });
  if (isRemembered) {
    const folder = join(options.cwd, '.immich-bridge/immich-bridge/store');
    mkdirSync(folder, { recursive: true });
    const store = openFileStore({ folder, onProblem: ({ message }) => expect.fail(message) });
    store.noteUploaded(serverId(server.url, server.apiKey), proven);
    await store.flush();
    await store.close();
  }
  return proven.assetId;
}

async function audit(...args: string[]) {
  const { code, stdout, stderr } = await runCommand(['audit', '--json', ...args], options);
  expect(stderr).toBe('');
  return { code, report: JSON.parse(stdout) as Record<string, unknown> };
}

describe('immich-bridge audit', () => {
  it('finds all in Immich that lies in the archive', async () => {
    await uploaded('a.jpg');
    const { code, report } = await audit();
    expect(report).toMatchObject({ present: 1, missing: 0, trashed: 0, changed: 0, unknown: 0 });
    expect(code).toBe(0);
  });

  it('says what is missing, trashed, changed and unknown, and ends with 1', async () => {
    server.remove(await uploaded('missing.jpg', true));
    server.trash(await uploaded('trashed.jpg', true));
    await uploaded('changed.jpg', true);
    writeFileSync(inArchive('changed.jpg'), 'other bytes');
    writeFileSync(inArchive('unknown.jpg'), 'never uploaded');
    const { code, report } = await audit();
    expect(report.files).toMatchObject({
      missing: [{ path: inArchive('missing.jpg') }],
      trashed: [{ path: inArchive('trashed.jpg') }],
      changed: [{ path: inArchive('changed.jpg') }],
      unknown: [{ path: inArchive('unknown.jpg') }],
    });
    expect(code).toBe(1);
  });

  it('uploads again what is missing, from where it lies, when that is asked for', async () => {
    server.remove(await uploaded('missing.jpg', true));
    const { code, report } = await audit('--requeue');
    expect(report).toMatchObject({ missing: 1, requeued: 1 });
    expect(server.assets.map(({ sha1 }) => sha1)).toEqual([sha1Of('bytes of missing.jpg')]);
    expect(code).toBe(0);
  });

  it('says in words what is wrong with its arguments or settings', async () => {
    expect(await runCommand(['audit', '--all'], options)).toMatchObject({ code: 2 });
    const { code, stderr } = await runCommand(['audit'], { ...options, env: {} });
    expect([code, stderr]).toEqual([expect.any(Number), expect.stringContaining('IMMICH_API_URL')]);
    expect(code).not.toBe(0);
    expect(stderr).not.toContain('    at ');
  });
});

describe('immich-bridge receipt', () => {
  it.each(['path', 'SHA-1'])('prints the receipt of a file by its %s', async (by) => {
    const assetId = await uploaded('a.jpg', true);
    const sha1 = sha1Of('bytes of a.jpg');
    const { code, stdout } = await runCommand(['receipt', by === 'path' ? 'archive/a.jpg' : sha1], options);
    expect(JSON.parse(stdout)).toMatchObject({ sha1, assetId, server: server.url });
    expect(code).toBe(0);
  });

  it('says that there is none', async () => {
    const { code, stderr } = await runCommand(['receipt', 'archive/none.jpg'], options);
    expect([code, stderr]).toEqual([1, expect.stringContaining('No receipt of archive/none.jpg')]);
  });
});

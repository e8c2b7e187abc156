import { execFileSync } from 'node:child_process';
import { constants, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openFoundFile, openRegularFile, READ_NO_LINK } from '../../lib/regular-file.js';
import { tempFolder } from '../support/world.js';

/** A named pipe without a writer: whoever opens it in the usual way waits for ever. */
function makePipe(path: string): void {
  execFileSync('mkfifo', [path]);
  // Lets whoever does wait go, so that a failing test still ends.
  onTestFinished(async () => {
    const writer = await open(path, constants.O_RDWR | constants.O_NONBLOCK).catch(() => undefined);
    await writer?.close();
  });
}

async function textOf(opening: ReturnType<typeof openFoundFile>): Promise<string> {
  const { file } = await opening;
  try {
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

describe('what is no file', () => {
  it.each<[string, (path: string) => unknown]>([
    ['a pipe', makePipe],
    ['a folder', (path) => mkdirSync(path)],
    ['a link to a device', (path) => symlinkSync('/dev/zero', path)],
    [
      'a socket',
      (path) =>
        new Promise((listening) => {
          const server = createServer().listen(path, () => listening(undefined));
          onTestFinished(() => new Promise<void>((closed) => server.close(() => closed())));
        }),
    ],
  ])('%s is refused at once', async (_what, make) => {
    const path = join(tempFolder(), 'x.jpg');
    await make(path);
    await expect(openRegularFile(path)).rejects.toMatchObject({ code: 'no-file' });
  });
});

describe('a file of a watched folder', () => {
  function world() {
    const root = tempFolder();
    const [folder, outside] = [join(root, 'inbox'), join(root, 'outside')];
    for (const made of [folder, outside, join(folder, 'sub')]) mkdirSync(made);
    writeFileSync(join(outside, 'a.jpg'), 'a secret');
    writeFileSync(join(folder, 'a.jpg'), 'a photo');
    writeFileSync(join(folder, 'sub/a.jpg'), 'a photo below');
    return { folder, outside };
  }

  it('is opened', async () => {
    const { folder } = world();
    const place = { path: join(folder, 'sub/a.jpg'), folder, isFollowingLinks: false };
    expect(await textOf(openFoundFile(place))).toBe('a photo below');
  });

  it('is opened where the watched folder is a link itself', async () => {
    const { folder } = world();
    symlinkSync(folder, `${folder}-link`);
    const linked = `${folder}-link`;
    const place = { path: join(linked, 'a.jpg'), folder: linked, isFollowingLinks: false };
    expect(await textOf(openFoundFile(place))).toBe('a photo');
  });

  it('is refused when it was swapped for a link', async () => {
    const { folder, outside } = world();
    const path = join(folder, 'a.jpg');
    rmSync(path);
    symlinkSync(join(outside, 'a.jpg'), path);
    await expect(openFoundFile({ path, folder, isFollowingLinks: false })).rejects.toMatchObject({
      code: 'no-file',
    });
    expect(await textOf(openFoundFile({ path, folder, isFollowingLinks: true }))).toBe('a secret');
  });

  it('is refused when a folder on the way was swapped for a link', async () => {
    const { folder, outside } = world();
    renameSync(join(folder, 'sub'), join(folder, 'gone'));
    symlinkSync(outside, join(folder, 'sub'));
    const place = { path: join(folder, 'sub/a.jpg'), folder, isFollowingLinks: false };
    await expect(openFoundFile(place)).rejects.toMatchObject({ code: 'no-file' });
  });

  it('may be a link where somebody else named the path', async () => {
    const { folder, outside } = world();
    const path = join(folder, 'b.jpg');
    symlinkSync(join(outside, 'a.jpg'), path);
    expect(await textOf(openFoundFile({ path, folder }))).toBe('a secret');
  });
});

it('never follows a link in the archive', async () => {
  const folder = tempFolder();
  symlinkSync('/etc/passwd', join(folder, 'a.jpg'));
  await expect(open(join(folder, 'a.jpg'), READ_NO_LINK)).rejects.toMatchObject({ code: 'ELOOP' });
});

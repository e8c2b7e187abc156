import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { expect, it } from 'vitest';
import { runCommand } from '../support/command.js';
import { tempFolder } from '../support/world.js';

const FORMER =
  'IMMICH_API_URL=http://immich:2283/api\nIMMICH_API_KEY=a-secret-key\nWATCH_DIRECTORIES=/a\nARCHIVE_DIRECTORY=/b\n';

it('prints the settings without the key, and what is different beside them', async () => {
  const cwd = tempFolder();
  writeFileSync(join(cwd, '.env'), FORMER);
  const { code, stdout, stderr } = await runCommand(['migrate'], { cwd });
  expect(code).toBe(0);
  expect(parseEnv(stdout)).toEqual({
    IMMICH_API_URL: 'http://immich:2283',
    WATCH_DIRECTORIES: '/a',
    ARCHIVE_DIRECTORY: '/b',
  });
  expect(stderr).toContain('- archive: it made one flat folder');
  expect(stdout + stderr).not.toContain('a-secret-key');
});

it('writes a new file with the key for its owner alone, and never over another', async () => {
  const cwd = tempFolder();
  writeFileSync(join(cwd, 'former.env'), FORMER);
  const first = await runCommand(['migrate', 'former.env', '--out', '.env'], { cwd });
  expect([first.code, first.stdout]).toEqual([0, '']);
  const written = join(cwd, '.env');
  expect(statSync(written).mode & 0o777).toBe(0o600);
  expect(parseEnv(readFileSync(written, 'utf8'))).toMatchObject({ IMMICH_API_KEY: 'a-secret-key' });
  expect(first.stderr).not.toContain('a-secret-key');
  writeFileSync(written, 'MINE=1');
  const second = await runCommand(['migrate', 'former.env', '--out', '.env'], { cwd });
  expect(second.code).toBe(1);
  expect(second.stderr).toContain('is there already, and is not overwritten');
  expect(readFileSync(written, 'utf8')).toBe('MINE=1');
});

it('reads Nix source and what nix eval prints', async () => {
  const cwd = tempFolder();
  writeFileSync(
    join(cwd, 'home.nix'),
    '{ services.immich-auto-uploader.settings = { WATCH_DIRECTORIES = "/a"; }; }',
  );
  const nix = await runCommand(['migrate', 'home.nix'], { cwd });
  expect(parseEnv(nix.stdout)).toEqual({ WATCH_DIRECTORIES: '/a' });
  const json = await runCommand(['migrate', '-'], {
    cwd,
    input: '{"WATCH_DIRECTORIES":"/b","LOG_LEVEL":"INFO"}',
  });
  expect(parseEnv(json.stdout)).toEqual({ WATCH_DIRECTORIES: '/b', LOG_LEVEL: 'INFO' });
});

it.each([
  ['gone.env', 'gone.env is not there'],
  ['.', 'cannot be read (EISDIR)'],
  ['empty.env', 'empty.env holds no setting'],
])('answers %j with a sentence', async (input, sentence) => {
  const cwd = tempFolder();
  writeFileSync(join(cwd, 'empty.env'), '');
  const { code, stderr } = await runCommand(['migrate', input], { cwd });
  expect(code).toBe(1);
  expect(stderr).toContain(sentence);
  expect(stderr).not.toMatch(/\n\s+at /);
});

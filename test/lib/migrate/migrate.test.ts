import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, it } from 'vitest';
import { DIFFERENCES } from '../../../lib/migrate/differences.js';
import { FORMER_OPTIONS, FORMER_VARIABLES } from '../../../lib/migrate/former-settings.js';
import { migrate, readFormerSettings } from '../../../lib/migrate/migrate.js';
import { envLine, readEnv } from '../../../lib/migrate/read-env.js';
import { projectRoot } from '../../support/node-red-process.js';

const FULL = {
  IMMICH_API_URL: 'http://localhost:2283/api',
  IMMICH_API_KEY: 'a-secret-key',
  WATCH_DIRECTORIES: '/home/me/In box,/home/me/Camera',
  ARCHIVE_DIRECTORY: '/home/me/Archive',
  WATCH_RECURSIVE: 'On',
  SUPPORTED_EXTENSIONS: 'jpg,mp4',
  MAX_FILE_SIZE_MB: '1000',
  FILE_STABILITY_WAIT_SECONDS: '5',
  FILE_STABILITY_CHECK_INTERVAL: '1.0',
  FILE_STABILITY_WAIT_SECONDS_VIDEO: '30',
  MIN_STABILITY_WAIT_SIZE_MB: '100',
  VERIFY_VIDEO_INTEGRITY: 'nope',
  LOG_LEVEL: 'warning',
  POLL_INTERVAL_SECONDS: '10',
  ENABLE_NOTIFICATIONS: 'true',
  NOTIFICATION_BATCH_SIZE: '5',
  NOTIFICATION_BATCH_TIMEOUT: '30',
};

function migrated(env: Record<string, string>, hasKey = false) {
  const text = Object.entries(env)
    .map(([name, value]) => `${name}="${value}"`)
    .join('\n');
  return migrate(readFormerSettings(text, false), { source: '.env', hasKey });
}

it('maps every variable of the Python uploader', () => {
  expect(Object.keys(FULL)).toEqual([...FORMER_VARIABLES]);
  const { text, hasTrouble } = migrated(FULL, true);
  expect(hasTrouble).toBe(false);
  expect(parseEnv(text)).toEqual({
    IMMICH_API_URL: 'http://localhost:2283',
    IMMICH_API_KEY: 'a-secret-key',
    WATCH_DIRECTORIES: '/home/me/In box,/home/me/Camera',
    ARCHIVE_DIRECTORY: '/home/me/Archive',
    WATCH_RECURSIVE: 'true',
    SUPPORTED_EXTENSIONS: 'jpg,mp4',
    MAX_FILE_SIZE_MB: '1000',
    FILE_STABILITY_WAIT_SECONDS: '5',
    FILE_STABILITY_CHECK_INTERVAL: '1.0',
    FILE_STABILITY_WAIT_SECONDS_VIDEO: '30',
    MIN_STABILITY_WAIT_SIZE_MB: '100',
    VERIFY_VIDEO_INTEGRITY: 'false',
    LOG_LEVEL: 'WARNING',
  });
  for (const gone of FORMER_VARIABLES.slice(-4)) expect(text).toContain(`# ${gone}: left out.`);
});

it('takes several addresses of one server over, and refuses them whole when one cannot be read', () => {
  const several = 'photos.lan:2283/api, https://photos.example.org/';
  const { text, hasTrouble } = migrated({ ...FULL, IMMICH_API_URL: several });
  expect(hasTrouble).toBe(false);
  expect(parseEnv(text).IMMICH_API_URL).toBe('http://photos.lan:2283,https://photos.example.org');
  const broken = migrated({ ...FULL, IMMICH_API_URL: 'photos.lan, ftp://photos.example.org' });
  expect(broken.hasTrouble).toBe(true);
  expect(broken.text).toContain('only http:// or https://');
  expect(parseEnv(broken.text).IMMICH_API_URL).toBeUndefined();
});

it('shows no key unless it may, and no value that it does not know', () => {
  const { text, notes } = migrated({ ...FULL, GITHUB_TOKEN: 'another-secret' });
  expect(text + notes.join()).not.toMatch(/a-secret-key|another-secret/);
  expect(text).toContain('# IMMICH_API_KEY is not shown here');
  expect(notes).toEqual([expect.stringContaining('GITHUB_TOKEN')]);
});

it('says what a default used to be where ours differs', () => {
  const { text } = migrated({ IMMICH_API_URL: 'http://a', WATCH_DIRECTORIES: '/a' });
  expect(text).toContain('As before would be: MAX_FILE_SIZE_MB=1000');
  expect(text).toContain('As before would be: SUPPORTED_EXTENSIONS=jpg,jpeg,');
  expect(text).toContain('# ARCHIVE_DIRECTORY was not set. It has to be set.');
});

it.each([
  [{ IMMICH_API_URL: 'ftp://immich' }, 'only http:// or https://'],
  [{ WATCH_DIRECTORIES: '/a;b' }, 'Semicolons part folders here'],
  [{ WATCH_DIRECTORIES: '${NOWHERE}/a' }, 'could not be read here'],
  [{ MAX_FILE_SIZE_MB: 'huge' }, 'huge'],
])('says that %j needs a person', (env, sentence) => {
  const { text, notes, hasTrouble } = migrated(env as Record<string, string>);
  expect(hasTrouble).toBe(true);
  expect(text + notes.join()).toContain(sentence);
});

it('fills in what a value names, from the file and of the environment only the home', () => {
  const text =
    'BASE=/srv\nWATCH_DIRECTORIES=${BASE}/in,${HOME}/in,${GONE:-/x}\nLOG_LEVEL=${SECRET}\nA=${B}\nB=${A}';
  const { values } = readEnv(text, { HOME: '/home/me', SECRET: 'secret' });
  expect(values.get('WATCH_DIRECTORIES')).toEqual({ text: '/srv/in,/home/me/in,/x' });
  for (const name of ['LOG_LEVEL', 'A']) expect(values.get(name)).toEqual({ isUnresolved: true });
});

it.each(['/plain/path,/b', '~/Pictures', 'with blank', "o'clock", 'say "hi"', '# hash', '100%', 'a=b', ''])(
  'writes %j so that it is read back',
  (value) => {
    expect(parseEnv(envLine('NAME', value))).toEqual({ NAME: value });
  },
);

it('names what takes the place of the options of the Nix modules', () => {
  const source =
    'services.immich-auto-uploader = { environmentFile = "/x"; startAt = "daily"; settings.LOG_LEVEL = "INFO"; };';
  const { notes } = migrate(readFormerSettings(source, true), { source: 'a.nix', hasKey: false });
  expect(notes).toEqual([
    `environmentFile: ${FORMER_OPTIONS.environmentFile}`,
    `startAt: ${FORMER_OPTIONS.startAt}`,
  ]);
});

describe('docs/migrate.md', () => {
  const page = readFileSync(join(projectRoot, 'docs/migrate.md'), 'utf8').replaceAll(/\s+/g, ' ');
  it.each(DIFFERENCES.map(({ about, before, now }) => [about, before, now]))(
    'tells the difference in %s',
    (...texts) => {
      for (const text of texts) expect(page).toContain(text.replaceAll(/\s+/g, ' '));
    },
  );
  it.each([...FORMER_VARIABLES])('tells what becomes of %s', (name) => {
    expect(page).toContain(`| \`${name}\` |`);
  });
  it.each(Object.keys(FORMER_OPTIONS))('tells what becomes of the option %s', (name) => {
    expect(page).toContain(`\`${name}\``);
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../support/node-red-process.js';
import { asNix, evaluateNix, hasNix } from './nix.js';

/** A configuration with nothing set, as the modules hand it on. */
const bare = {
  immich: { url: null, apiKeyFile: null, metrics: { apiUrl: null, jobsUrl: null } },
  watch: { directories: [] as string[], recursive: null },
  archive: { directory: null },
  upload: {
    extensions: [],
    maxFileSizeMB: null,
    concurrency: null,
    backPressure: null,
    order: null,
    limitMbit: null,
    failedDirectory: null,
    dryRun: null,
    quietHours: [],
    stack: null,
    albums: [],
    tags: [],
    favorite: null,
    visibility: null,
    dateFromName: null,
    timeZone: null,
  },
  stability: {
    waitSeconds: null,
    checkInterval: null,
    waitSecondsVideo: null,
    minSizeMB: null,
    verifyVideo: null,
    companionSeconds: null,
  },
  mqtt: {
    url: null,
    username: null,
    passwordFile: null,
    baseTopic: null,
    instance: null,
    discoveryPrefix: null,
  },
  environment: {},
  environmentFiles: [] as string[],
};

describe.skipIf(!hasNix())('the logic of the modules (needs nix-instantiate)', () => {
  const systemd = (name: string, ...args: unknown[]) =>
    evaluateNix(`(import ./nix/systemd.nix).${name} ${args.map(asNix).join(' ')}`);

  it.each([
    ['path', ['-', '/mnt/a b/100%'], '"-/mnt/a b/100%%"'],
    ['bindPath', ['-', '/home/me/a:b 5%'], '"-/home/me/a\\\\:b 5%%"'],
    ['word', ['/srv/$x 5%'], '"/srv/$$x 5%%"'],
    ['assignment', [false, 'A', 'say "5%"'], '"A=say \\"5%%\\""'],
    ['assignment', [true, 'KEY_FILE', '%d/key'], '"KEY_FILE=%d/key"'],
    ['file', ['/run/a b/50%'], '/run/a b/50%%'],
    ['file', ['-/run/50%'], '-/run/50%%'],
    ['file', ['${XDG_RUNTIME_DIR}/agenix/50%'], '%t/agenix/50%%'],
    ['outermost', [['/a/b', '/a', '/ab', '/c', '/c', '/a/b/c']], ['/a', '/ab', '/c']],
    ['isHome', ['/home/me'], true],
    ['isHome', ['/homes/me'], false],
    ['isBelow', ['/', '/srv'], true],
  ])('systemd.%s %j is %j', (name, args, expected) => {
    expect(systemd(name, ...args)).toEqual(expected);
  });

  it.each([
    ['/srv/Fotos für 100 %/x', null],
    ['/srv/.hidden/..a', null],
    ['srv', 'is not absolute'],
    ['~/in', 'is not absolute'],
    ['/srv/../etc', 'has a part that is . or ..'],
    ['/srv/.', 'has a part that is . or ..'],
    ['/srv/', 'ends with a slash'],
    ['/srv/a ', 'ends with a blank'],
    ['/srv/a,b', expect.stringContaining('has a comma')],
    ['/srv/a"b', expect.stringContaining('quote')],
    ['/srv/a\nb', expect.stringContaining('line break')],
  ])('the folder %j: %s', (folder, problem) => {
    expect(systemd('folderProblem', folder)).toEqual(problem);
  });

  const environmentOf = (changes: object) =>
    evaluateNix(`(import ./nix/settings.nix).environment ${asNix({ ...bare, ...changes })}`);

  it('sets no variable for what is unset', () => {
    expect(environmentOf({})).toEqual({});
  });

  it('writes numbers, lists, yes and no as the program reads them, and lets `environment` win', () => {
    const environment = environmentOf({
      watch: { directories: ['/a b', '/c'], recursive: false },
      stability: { ...bare.stability, waitSeconds: 0.5, verifyVideo: true },
      upload: { ...bare.upload, concurrency: 3, extensions: ['jpg', 'heic'] },
      environment: { UPLOAD_CONCURRENCY: 8, NODE_EXTRA_CA_CERTS: '/ca.pem', DEBUG: true, GONE: null },
    });
    expect(environment).toEqual({
      WATCH_DIRECTORIES: '/a b,/c',
      WATCH_RECURSIVE: 'false',
      FILE_STABILITY_WAIT_SECONDS: '0.5',
      VERIFY_VIDEO_INTEGRITY: 'true',
      SUPPORTED_EXTENSIONS: 'jpg,heic',
      UPLOAD_CONCURRENCY: '8',
      NODE_EXTRA_CA_CERTS: '/ca.pem',
      DEBUG: 'true',
    });
  });

  it('hands secrets on as files, and only those that are set', () => {
    const cfg = { ...bare, immich: { ...bare.immich, apiKeyFile: '/run/key' } };
    expect(evaluateNix(`(import ./nix/settings.nix).secretsOf ${asNix(cfg)}`)).toEqual([
      { variable: 'IMMICH_API_KEY_FILE', credential: 'immich-api-key', file: '/run/key' },
    ]);
  });

  const complaintsOf = (changes: object) =>
    evaluateNix(
      `map (a: a.message) (builtins.filter (a: !a.assertion) (import ./nix/checks.nix { name = "s"; cfg = ${asNix({ ...bare, ...changes })}; }))`,
    );

  it('refuses secrets in the Nix store and paths that are not whole, and says what to type', () => {
    expect(
      complaintsOf({
        immich: { ...bare.immich, apiKeyFile: '/nix/store/abc-key' },
        mqtt: { ...bare.mqtt, passwordFile: '~/password' },
        watch: { directories: ['/fine', 'photos'], recursive: null },
        environmentFiles: ['-/run/may-be-missing.env', '${XDG_RUNTIME_DIR}/agenix/env', '-relative.env'],
      }),
    ).toEqual([
      's.watch.directories: the folder "photos" is not absolute.',
      expect.stringMatching(/^s\.immich\.apiKeyFile: "\/nix\/store\/abc-key" lies in the Nix store/),
      's.mqtt.passwordFile: "~/password" is not absolute. Type the whole path, without "~".',
      's.environmentFiles: "relative.env" is not absolute. Type the whole path, without "~".',
    ]);
    expect(complaintsOf({})).toEqual([]);
    expect(complaintsOf({ mqtt: { ...bare.mqtt, passwordFile: '/run/my password' } })).toEqual([
      's.mqtt.passwordFile: "/run/my password" has a blank, which systemd does not take here. Type a path without.',
    ]);
  });

  /** The tarballs that lock.nix picks, from Nix expressions for package.json and package-lock.json. */
  const tarballsOf = (
    manifest: string,
    lock: string,
    ...[platform, arch, keepDev]: [string, string, string[]]
  ) =>
    evaluateNix(
      `(import ./nix/lock.nix { manifest = ${manifest}; lock = ${lock}; keepDev = ${asNix(keepDev)}; platform = ${asNix(platform)}; arch = ${asNix(arch)}; }).tarballs`,
    ) as Record<string, { name: string; version: string; integrity: string }>;

  it('takes from the lock file what the build runs, each with the hash that npm wrote, and no test tools', () => {
    const read = (file: string) => `builtins.fromJSON (builtins.readFile ./${file})`;
    const tarballs = tarballsOf(read('package.json'), read('package-lock.json'), 'linux', 'x64', [
      'typescript',
    ]);
    const lock = JSON.parse(readFileSync(join(projectRoot, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { integrity: string }>;
    };
    expect(Object.keys(tarballs)).toEqual(
      expect.arrayContaining(['node_modules/typescript', 'node_modules/mqtt']),
    );
    expect(Object.keys(tarballs)).not.toContain('node_modules/vitest');
    expect(Object.keys(tarballs)).not.toContain('node_modules/node-red');
    for (const [place, { integrity }] of Object.entries(tarballs)) {
      expect(integrity).toBe(lock.packages[place]?.integrity);
      expect(integrity).toMatch(/^sha512-\S+$/);
    }
  });

  it('looks packages up as Node does, and leaves other platforms out', () => {
    const entry = (more: object = {}) => ({ version: '1.0.0', integrity: 'sha512-x', ...more });
    const lock = {
      packages: {
        '': { devDependencies: { tool: '1', other: '1' } },
        'node_modules/tool': entry({
          dependencies: { '@s/deep': '1' },
          optionalDependencies: { fast: '1', gone: '1' },
        }),
        'node_modules/tool/node_modules/@s/deep': entry({ version: '2.0.0', dependencies: { leaf: '1' } }),
        'node_modules/@s/deep': entry(),
        'node_modules/leaf': entry({ name: '@real/leaf', peerDependencies: { tool: '1' } }),
        'node_modules/fast': entry({ os: ['linux'], cpu: ['!arm64'] }),
        'node_modules/other': entry(),
      },
    };
    const lockOf = (platform: string, arch: string, keepDev = 'tool') =>
      tarballsOf('{ devDependencies = { tool = "1"; other = "1"; }; }', asNix(lock), platform, arch, [
        keepDev,
      ]);
    expect(lockOf('linux', 'x64')).toEqual({
      'node_modules/tool': { name: 'tool', version: '1.0.0', integrity: 'sha512-x' },
      'node_modules/tool/node_modules/@s/deep': { name: '@s/deep', version: '2.0.0', integrity: 'sha512-x' },
      'node_modules/leaf': { name: '@real/leaf', version: '1.0.0', integrity: 'sha512-x' },
      'node_modules/fast': { name: 'fast', version: '1.0.0', integrity: 'sha512-x' },
    });
    expect(Object.keys(lockOf('linux', 'arm64'))).not.toContain('node_modules/fast');
    expect(Object.keys(lockOf('darwin', 'x64'))).not.toContain('node_modules/fast');
    expect(() => lockOf('linux', 'x64', 'misspelt')).toThrow('package.json has no devDependency misspelt');
  });
});

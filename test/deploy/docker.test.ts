import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { parse } from 'yaml';
import { brokerFindings } from '../../lib/verify/broker-findings.js';
import { parseBrokerSettings } from '../../lib/verify/broker-settings.js';
import { freePort } from '../support/free-port.js';
import { hasMosquitto } from '../support/mosquitto.js';
import { cleanEnvironment, projectRoot } from '../support/node-red-process.js';
import { tempFolder } from '../support/world.js';

interface Service {
  readonly image: string;
  readonly build?: { readonly args: Record<string, string> };
  readonly profiles?: readonly string[];
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly environment?: Record<string, string | null>;
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly command?: readonly string[];
}

interface Compose {
  readonly services: Record<string, Service>;
  readonly secrets: Record<string, { readonly file: string }>;
  readonly volumes: Record<string, unknown>;
}

const read = (name: string) => readFileSync(join(projectRoot, name), 'utf8');
const compose = parse(read('compose.yaml')) as Compose;
const dockerfile = read('Dockerfile');
const [bridge, mosquitto] = [compose.services.bridge!, compose.services.mosquitto!];

/** The variables of README's table. */
const documented = new Set(
  [...read('README.md').matchAll(/^\| (`[A-Z_`, ]+`) \|/gm)].flatMap(
    ([, names]) => names!.match(/[A-Z_]{2,}/g) ?? [],
  ),
);

describe('compose.yaml', () => {
  it('gives the bridge no variable that README does not know, and leaves out none that makes sense there', () => {
    const given = Object.keys(bridge.environment ?? {});
    expect(given.filter((name) => !documented.has(name) && name !== 'TZ')).toEqual([]);
    const missing = [...documented].filter((name) => !given.includes(name));
    expect(missing.sort()).toEqual(['HOST', 'IMMICH_API_KEY', 'IMMICH_BRIDGE_DIR', 'MQTT_PASSWORD', 'PORT']);
  });

  it('hands secrets on as files that exist where the services look', () => {
    for (const { environment = {}, secrets = [] } of Object.values(compose.services)) {
      const files = Object.entries(environment).filter(([name]) => name.endsWith('_FILE'));
      for (const [, file] of files) expect(secrets).toContain(file?.replace('/run/secrets/', ''));
      const texts = JSON.stringify(environment);
      expect(texts).not.toMatch(/PASSWORD":|API_KEY":/);
    }
    const used = new Set(Object.values(compose.services).flatMap(({ secrets = [] }) => secrets));
    expect([...used].sort()).toEqual(Object.keys(compose.secrets).sort());
    for (const { file } of Object.values(compose.secrets)) expect(file).toMatch(/^\.\/secrets\//);
    expect(read('.gitignore')).toContain('/secrets/');
  });

  it('runs bridge and broker as nobody special, on a root that cannot be written, on this machine only', () => {
    for (const service of [bridge, mosquitto]) {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
      expect(service.user).not.toMatch(/^("?0|root)/);
    }
    for (const { ports = [] } of Object.values(compose.services)) {
      for (const port of ports) expect(port).toMatch(/^\$\{\w+:-127\.0\.0\.1\}:/);
    }
  });

  it('starts Immich only when asked, and names the version of every foreign image', () => {
    for (const [name, { profiles, image, build }] of Object.entries(compose.services)) {
      expect(profiles ?? []).toEqual(name.startsWith('immich-') ? ['immich'] : []);
      if (build === undefined) expect(image).toMatch(/:(\$\{\w+:-)?v?\d/);
    }
  });

  it('mounts what exists, and keeps what must last', () => {
    const mounts = Object.values(compose.services).flatMap(({ volumes = [] }) => volumes);
    const named = mounts.map((mount) => mount.split(':')[0]!).filter((name) => /^[a-z-]+$/.test(name));
    expect(named.sort()).toEqual(Object.keys(compose.volumes).sort());
    const files = mounts.map((mount) => mount.split(':')[0]!).filter((name) => name.startsWith('./'));
    for (const file of files) expect(existsSync(join(projectRoot, file)), file).toBe(true);
    const [watch, archive] = [bridge.environment?.WATCH_DIRECTORIES, bridge.environment?.ARCHIVE_DIRECTORY];
    const target = bridge.volumes?.find((mount) => mount.includes('PHOTOS_DIR'))?.split('}:')[1];
    for (const folder of [watch, archive]) expect(folder?.startsWith(`${target}/`)).toBe(true);
  });

  it.for(['compose.yaml', 'compose.yaml,deploy/compose.nvidia.yaml'])(
    'is understood by Docker Compose: %s',
    (files, ctx) => {
      const program = [['docker', 'compose'], ['docker-compose']].find(
        ([name, ...args]) => spawnSync(name!, [...args, 'version'], { stdio: 'ignore' }).status === 0,
      );
      if (program === undefined) return ctx.skip('Docker Compose is not installed');
      const names = files.split(',').flatMap((name) => ['-f', name]);
      const [name, ...args] = [...program, ...names, '--profile', 'immich', 'config', '-q'];
      const { status, stderr } = spawnSync(name!, args, { cwd: projectRoot, encoding: 'utf8' });
      expect(stderr).not.toMatch(/error|invalid|unsupported/i);
      expect(status).toBe(0);
    },
  );

  it.skipIf(!hasMosquitto())('starts a broker that lets in the bridge and nobody else', async () => {
    const folder = tempFolder();
    const port = await freePort();
    writeFileSync(join(folder, 'secret'), 'a-broker-password\n');
    const config = read('deploy/mosquitto.conf')
      .replace('listener 1883', `user ${userInfo().username}\nlistener ${port} 127.0.0.1`)
      .replace('/tmp/passwords', join(folder, 'passwords'))
      .replace('/mosquitto/data/', `${folder}/`);
    writeFileSync(join(folder, 'mosquitto.conf'), config);
    const script = mosquitto
      .command!.at(-1)!
      .replaceAll('$$', '$')
      .replaceAll('/run/secrets/mqtt_password', join(folder, 'secret'))
      .replaceAll('/tmp/passwords', join(folder, 'passwords'))
      .replaceAll('/mosquitto/config/mosquitto.conf', join(folder, 'mosquitto.conf'));
    const broker = spawn('/bin/sh', ['-ec', script], { stdio: 'ignore' });
    const gone = once(broker, 'exit');
    onTestFinished(async () => {
      broker.kill('SIGKILL');
      await gone;
    });
    const enter = async (MQTT_PASSWORD: string) => {
      const env = { MQTT_URL: `mqtt://127.0.0.1:${port}`, MQTT_USERNAME: 'bridge', MQTT_PASSWORD };
      return brokerFindings(parseBrokerSettings(env)!);
    };
    await vi.waitFor(
      async () => {
        const findings = await enter('a-broker-password');
        expect(findings.filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
      },
      { timeout: 25_000, interval: 200 },
    );
    expect(await enter('another')).toMatchObject([{ found: 'refuses the login' }]);
    expect(readFileSync(join(folder, 'passwords'), 'utf8')).not.toContain('a-broker-password');
  });
});

describe('Dockerfile', () => {
  it('lets in through .dockerignore all that the build reads, and no more folders than that', () => {
    const ignore = read('.dockerignore');
    const allowed = [...ignore.matchAll(/^!(.+)$/gm)].map(([, name]) => name!);
    expect(ignore).toMatch(/^\*$/m);
    const tsc = join(projectRoot, 'node_modules/typescript/bin/tsc');
    const list = [tsc, '-p', 'tsconfig.build.json', '--listFilesOnly'];
    const compiled = execFileSync(process.execPath, list, { cwd: projectRoot, encoding: 'utf8' })
      .split('\n')
      .map((path) => relative(projectRoot, path))
      .filter((path) => path !== '' && !/^(\.\.|node_modules)/.test(path))
      .map((path) => path.split('/')[0]!);
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names]) =>
      names!.split(' '),
    );
    const packed = ['README.md', 'LICENSE', 'CHANGELOG.md', 'tsconfig.json', 'tsconfig.build.json'];
    const assets = ['flows', 'icons', 'locales', 'resources'];
    const needed = new Set([...compiled, ...copied.filter((name) => name !== '.'), ...packed, ...assets]);
    expect(allowed.sort()).toEqual([...needed].sort());
    for (const name of allowed) expect(existsSync(join(projectRoot, name)), name).toBe(true);
  }, 120_000);

  it('sets variables that README knows, names its base images exactly and does not run as root', () => {
    const block = /^ENV ((?:.*\\\n)*.*)$/m.exec(dockerfile)?.[1] ?? '';
    const names = [...block.matchAll(/([A-Z_]+)=/g)].map(([, name]) => name!);
    expect(names.length).toBeGreaterThan(3);
    expect(names.filter((name) => !documented.has(name))).toEqual([]);
    expect(dockerfile).toMatch(/^ARG NODE_RED_TAG=\d+\.\d+\.\d+$/m);
    expect(dockerfile).not.toContain('latest');
    // Else the base image's own flow would be kept in place of the shipped one.
    expect(dockerfile).toMatch(/rm -rf .*\/data\/flows\.json/);
    expect([...dockerfile.matchAll(/^USER (.+)$/gm)].at(-1)?.[1]).toBe('node-red');
    expect(bridge.build?.args.NODE_RED_TAG).toContain(/^ARG NODE_RED_TAG=(.+)$/m.exec(dockerfile)![1]!);
  });

  it('has a health check that tells a running editor from none', async () => {
    const [, json = ''] = /HEALTHCHECK [^\n]*\n\s+CMD (\[.+\])$/m.exec(dockerfile) ?? [];
    const [, ...args] = JSON.parse(json) as string[];
    const port = String(await freePort());
    const env = { ...cleanEnvironment(), PORT: port };
    const check = () => spawnSync(process.execPath, args, { env }).status;
    expect(check()).toBe(1);
    const program = join(projectRoot, 'dist/bin/immich-bridge.js');
    const settings = { IMMICH_API_URL: 'http://127.0.0.1:1', IMMICH_API_KEY: 'key', LOG_LEVEL: 'ERROR' };
    const child = spawn(process.execPath, [program], {
      cwd: tempFolder(),
      env: { ...env, ...settings },
      stdio: 'ignore',
    });
    const gone = once(child, 'exit');
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await gone;
    });
    await vi.waitFor(() => expect(check()).toBe(0), { timeout: 50_000, interval: 500 });
  }, 90_000);
});

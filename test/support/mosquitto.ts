import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { cert, key } from './certificate.js';
import { freePort } from './free-port.js';

export interface MosquittoOptions {
  /** Passwords by user; everybody may come in when it is missing. */
  readonly logins?: Readonly<Record<string, string>>;
  /** Lines of an ACL file, as `man mosquitto.conf` has them; everything is allowed when it is missing. */
  readonly acl?: readonly string[];
  /** Further lines of mosquitto.conf, before those of the listeners. */
  readonly settings?: readonly string[];
  /** Of the plain listener; a free one when it is missing. */
  readonly port?: number;
}

/** A mosquitto in a process of its own. It speaks MQTT 5 and 3.1.1. */
export interface Mosquitto {
  readonly url: string;
  readonly port: number;
  /** The same broker by web socket. */
  readonly webUrl: string;
  /** The same broker with the certificate of `certificate.ts`. */
  readonly tlsUrl: string;
  /** Kills it, so that it forgets everything. */
  stop(): Promise<void>;
}

/** Whether mosquitto and its password tool can be run here. */
export function hasMosquitto(): boolean {
  return ['mosquitto', 'mosquitto_passwd'].every(
    (tool) => spawnSync(tool, ['-h'], { stdio: 'ignore' }).error === undefined,
  );
}

/** Starts mosquitto on free ports and resolves when it listens. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), 'mosquitto-'));
  const { port = await freePort() } = options;
  const [webPort, tlsPort] = [await freePort(), await freePort()];
  writeFileSync(
    join(folder, 'mosquitto.conf'),
    [
      // Started by root it would become another user, who cannot read the files.
      `user ${userInfo().username}`,
      'persistence false',
      ...rules(folder, options),
      ...(options.settings ?? []),
      `listener ${port} 127.0.0.1`,
      `listener ${webPort} 127.0.0.1`,
      'protocol websockets',
      `listener ${tlsPort} 127.0.0.1`,
      `certfile ${write(folder, 'cert.pem', cert)}`,
      `keyfile ${write(folder, 'key.pem', key)}`,
    ].join('\n'),
  );
  const broker = spawn('mosquitto', ['-c', join(folder, 'mosquitto.conf')], { stdio: 'ignore' });
  await listening(port, broker);
  return {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    webUrl: `ws://127.0.0.1:${webPort}/mqtt`,
    tlsUrl: `mqtts://127.0.0.1:${tlsPort}`,
    async stop() {
      if (broker.exitCode !== null || broker.signalCode !== null) return;
      const gone = once(broker, 'exit');
      broker.kill('SIGKILL');
      await gone;
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

/** Who may come in, and what they may do there. */
function rules(folder: string, { logins, acl }: MosquittoOptions): string[] {
  const passwords = write(folder, 'passwords', '');
  for (const [username, password] of Object.entries(logins ?? {})) {
    spawnSync('mosquitto_passwd', ['-b', passwords, username, password]);
  }
  return [
    `allow_anonymous ${logins === undefined}`,
    ...(logins ? [`password_file ${passwords}`] : []),
    ...(acl ? [`acl_file ${write(folder, 'acl', acl.join('\n'))}`] : []),
  ];
}

function write(folder: string, name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

async function listening(port: number, broker: ChildProcess): Promise<void> {
  while (broker.exitCode === null) {
    const socket = connect(port, '127.0.0.1');
    const isUp = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isUp) return;
    await pause(20);
  }
  throw new Error(`mosquitto ended with ${broker.exitCode} before it listened`);
}

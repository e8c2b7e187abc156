import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** A mosquitto in a process of its own that takes one login. */
export interface Mosquitto {
  readonly url: string;
  /** The same broker by web socket. */
  readonly webUrl: string;
  stop(): Promise<void>;
}

/** Whether mosquitto and its password tool can be run here. */
export function hasMosquitto(): boolean {
  return ['mosquitto', 'mosquitto_passwd'].every(
    (tool) => spawnSync(tool, ['-h'], { stdio: 'ignore' }).error === undefined,
  );
}

/** Starts mosquitto on a free port with this login and resolves when it listens. */
export async function startMosquitto(username: string, password: string): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), 'mosquitto-'));
  const passwords = join(folder, 'passwords');
  const [port, webPort] = [await freePort(), await freePort()];
  spawnSync('mosquitto_passwd', ['-b', '-c', passwords, username, password]);
  writeFileSync(
    join(folder, 'mosquitto.conf'),
    [
      `listener ${port} 127.0.0.1`,
      `listener ${webPort} 127.0.0.1`,
      'protocol websockets',
      'allow_anonymous false',
      `password_file ${passwords}`,
      'persistence false',
      // Started by root it would become another user, who cannot read the passwords.
      `user ${userInfo().username}`,
    ].join('\n'),
  );
  const broker = spawn('mosquitto', ['-c', join(folder, 'mosquitto.conf')], { stdio: 'ignore' });
  await listening(port, broker);
  return {
    url: `mqtt://127.0.0.1:${port}`,
    webUrl: `ws://127.0.0.1:${webPort}/mqtt`,
    async stop() {
      const gone = once(broker, 'exit');
      broker.kill('SIGKILL');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
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

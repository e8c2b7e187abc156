import { request } from 'node:http';
import { Socket } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { watchProgress } from '../../../lib/immich/stall-watch.js';

/** A request on a socket that never gets a connection, as to a host that answers nothing. */
function requestIntoTheVoid() {
  const socket = Object.assign(new Socket(), { connecting: true });
  const sent = request({ host: '127.0.0.1', createConnection: () => socket });
  sent.on('error', () => undefined);
  onTestFinished(() => void sent.destroy());
  return { sent, socket };
}

it('gives up on a host that does not let it in', async () => {
  const stalls: string[] = [];
  const watch = watchProgress({ connectMs: 50, stallMs: 10_000 }, 'http://immich.lan', (sentence) =>
    stalls.push(sentence),
  );
  watch.follow(requestIntoTheVoid().sent);
  await vi.waitFor(() => expect(stalls).toEqual(['http://immich.lan did not answer within 0 seconds.']));
});

it('allows the stall limit once it is in', async () => {
  const stalls: string[] = [];
  const watch = watchProgress({ connectMs: 5_000, stallMs: 300 }, 'http://immich.lan', (sentence) =>
    stalls.push(sentence),
  );
  onTestFinished(() => watch.end());
  const { sent, socket } = requestIntoTheVoid();
  watch.follow(sent);
  await vi.waitFor(() => expect(socket.listenerCount('connect')).toBeGreaterThan(0));
  const began = performance.now();
  socket.emit('connect');
  await vi.waitFor(() => expect(stalls).toEqual(['http://immich.lan took no byte for 0 seconds.']));
  expect(performance.now() - began).toBeGreaterThan(250);
});

it('is silent after its end', async () => {
  const onStall = vi.fn();
  watchProgress({ connectMs: 1 }, 'http://immich.lan', onStall).end();
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(onStall).not.toHaveBeenCalled();
});

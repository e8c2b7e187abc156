import type { ClientRequest } from 'node:http';
import { say } from '../say.js';

export interface StallLimits {
  /** Longest time to get a connection, in milliseconds. */
  readonly connectMs?: number;
  /** Longest time in which no byte leaves, in milliseconds. */
  readonly stallMs?: number;
  /** Longest time for the whole answer after the last byte was sent, in milliseconds: it is small, however it trickles. */
  readonly answerMs?: number;
}

/**
 * Watches one request and calls `onStall` once, with a sentence, when it stands still: while it
 * connects, while bytes should leave, or while the answer is awaited. `end` stops the watch.
 */
export function watchProgress(limits: StallLimits, origin: string, onStall: (sentence: string) => void) {
  const { connectMs = 10_000, stallMs = 60_000, answerMs = 180_000 } = limits;
  let request: ClientRequest | undefined;
  let phase: 'connecting' | 'sending' | 'answering' = 'connecting';
  let moved = -1;
  let since = performance.now();
  let isHeld = false;

  const enter = (next: typeof phase) => {
    phase = next;
    since = performance.now();
  };
  const look = () => {
    const now = performance.now();
    const bytes = request?.socket?.bytesWritten ?? 0;
    if (phase === 'sending' && (isHeld || bytes !== moved)) since = now;
    moved = bytes;
    const seconds = (ms: number) => Math.round(ms / 1_000);
    if (phase === 'connecting' && now - since >= connectMs) {
      stall(say`${origin} did not answer within ${seconds(connectMs)} seconds.`);
    } else if (phase === 'sending' && now - since >= stallMs) {
      stall(say`${origin} took no byte for ${seconds(stallMs)} seconds.`);
    } else if (phase === 'answering' && now - since >= answerMs) {
      stall(say`${origin} took the file but did not answer for ${seconds(answerMs)} seconds.`);
    }
  };
  const timer = setInterval(look, Math.max(10, Math.min(1_000, connectMs / 4, stallMs / 4, answerMs / 4)));
  timer.unref();
  const stall = (sentence: string) => {
    clearInterval(timer);
    onStall(sentence);
  };

  return {
    follow(sent: ClientRequest) {
      request = sent;
      sent.once('socket', (socket) => {
        const onConnected = () => enter(sent.writableFinished ? 'answering' : 'sending');
        if (socket.connecting) socket.once('connect', onConnected);
        else onConnected();
      });
      sent.once('finish', () => enter('answering'));
    },
    /** Nothing is to leave for now: that is no stall. */
    hold(next: boolean) {
      isHeld = next;
      since = performance.now();
    },
    end: () => clearInterval(timer),
  };
}

import { setTimeout as pause } from 'node:timers/promises';
import { readAnswer } from '../immich/immich-answer.js';
import type { ImmichClient } from '../immich/immich-client.js';
import { ImmichError } from '../immich/immich-error.js';
import type { Http } from '../immich/immich-http.js';
import { type AttemptMemory, uploadFile } from '../upload/upload-file.js';
import { type Finding, findingsIn } from './finding.js';
import { makeTestPicture, type TestPicture } from './test-picture.js';

export interface RoundTripOptions {
  readonly client: Pick<ImmichClient, 'origin' | 'check' | 'upload' | 'restoreFromTrash'>;
  /** The same server and key, for the one request that no node of the bridge ever makes: to delete for good. */
  readonly http: Pick<Http, 'request'>;
  readonly mayDelete: boolean;
  readonly sizeBytes: number;
  readonly signal: AbortSignal;
}

const finding = findingsIn('Immich');
const CHECK = 'a test picture';
/** Immich deletes in the background. */
const LOOKS = 20;
const LOOK_MS = 500;

/** Sends a picture that nobody else has, lets Immich prove it, and deletes it for good. */
export async function roundTrip(options: RoundTripOptions): Promise<Finding> {
  const { client, sizeBytes, signal } = options;
  const picture = await makeTestPicture(sizeBytes);
  try {
    const memory: AttemptMemory = {};
    const began = performance.now();
    const trouble = await uploadFile(picture.file, { client, trashPolicy: 'hold' }, { signal, memory }).then(
      () => undefined,
      (error: unknown) => error,
    );
    const seconds = ((performance.now() - began) / 1_000).toFixed(1);
    if (trouble !== undefined && !(trouble instanceof ImmichError) && !signal.aborted) throw trouble;
    // Whatever happened on the way: only this run has these bytes, so what has their checksum is ours to remove.
    const rest = await cleanUp(memory.hashed?.sha1, picture, options);
    if (trouble !== undefined) {
      const said = trouble instanceof ImmichError ? trouble.message : 'It was interrupted.';
      return finding(CHECK, 'problem', rest === undefined ? said : `${said} ${rest}`);
    }
    const proven = `uploaded and proven in ${seconds} s`;
    if (rest === undefined) return finding(CHECK, 'ok', `${proven}, and deleted for good`);
    return finding(CHECK, 'warning', proven, rest);
  } finally {
    await picture.remove();
  }
}

/** Removes the picture from Immich; what a person has to do about it, if anything. */
async function cleanUp(
  sha1: string | undefined,
  { name }: TestPicture,
  { client, http, mayDelete }: RoundTripOptions,
): Promise<string | undefined> {
  // Not even hashed: nothing was sent.
  if (sha1 === undefined) return undefined;
  const byHand = `${name} is in Immich: delete it there, and empty the trash.`;
  try {
    const known = await client.check(sha1);
    if (!known.isKnown) return undefined;
    if (!mayDelete) return byHand;
    const json = { ids: [known.assetId], force: true };
    const answer = await http.request({ method: 'DELETE', path: '/assets', json });
    readAnswer(answer, { origin: client.origin, isQuestion: true });
    for (let look = 0; look < LOOKS; look += 1) {
      if (!(await client.check(sha1)).isKnown) return undefined;
      await pause(LOOK_MS);
    }
    return byHand;
  } catch (error) {
    if (error instanceof ImmichError) return `It may still be there: look for ${name} in Immich.`;
    throw error;
  }
}

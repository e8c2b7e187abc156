import { purposeOf, RIGHT_NAMES } from '../health/key-rights.js';
import type { ImmichClient } from '../immich/immich-client.js';
import { ImmichError } from '../immich/immich-error.js';
import { askPermissions } from '../immich/server-facts.js';
import { type Finding, findingsIn } from './finding.js';

const finding = findingsIn('Immich');
const NO_FILE = '0'.repeat(40);

/** What a key may do. */
export interface KeyLook {
  readonly mayUpload: boolean;
  /** Undefined when Immich does not tell. */
  readonly mayDelete: boolean | undefined;
  readonly findings: readonly Finding[];
}

/** Asks what the key may do, and tries out the one right that is needed. */
export async function lookAtKey(
  client: Pick<ImmichClient, 'ask' | 'check'>,
  signal: AbortSignal,
): Promise<KeyLook> {
  const permissions = await orError(askPermissions(client.ask, signal));
  const upload = await orError(client.check(NO_FILE));
  if (upload instanceof ImmichError) {
    const check = upload.kind === 'unauthorized' ? 'API key' : 'asset.upload';
    return { mayUpload: false, mayDelete: undefined, findings: [finding(check, 'problem', upload.message)] };
  }
  const needed = finding('asset.upload', 'ok', 'the key may upload, and ask what Immich has');
  if (permissions instanceof ImmichError || permissions === null) {
    const found = 'this Immich does not tell what else the key may do';
    const unknown = finding('other permissions', 'not tested', found);
    return { mayUpload: true, mayDelete: undefined, findings: [needed, unknown] };
  }
  const has = (name: string) => permissions.includes('all') || permissions.includes(name);
  const findings = [needed, deleteFinding(has('asset.delete'))];
  for (const right of RIGHT_NAMES) findings.push(rightFinding(right, has(right)));
  return { mayUpload: true, mayDelete: has('asset.delete'), findings };
}

function deleteFinding(isGiven: boolean): Finding {
  const found = isGiven
    ? 'given: can restore from the trash if the node is told to, and remove the test picture'
    : 'not given, and not needed: only to restore from the trash, and to remove a test picture';
  return finding('asset.delete', 'ok', found);
}

function rightFinding(right: (typeof RIGHT_NAMES)[number], isGiven: boolean): Finding {
  const { shows, isForAdmins } = purposeOf(right);
  const who = isForAdmins ? ', with an administrator’s key' : '';
  const found = isGiven ? `given: immich health sees ${shows}` : `not given: would show ${shows}${who}`;
  return finding(right, 'ok', found);
}

async function orError<Result>(question: Promise<Result>): Promise<Result | ImmichError> {
  try {
    return await question;
  } catch (error) {
    if (error instanceof ImmichError) return error;
    throw error;
  }
}

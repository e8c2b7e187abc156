import { purposeOf, RIGHT_NAMES } from '../health/key-rights.js';
import type { ImmichClient } from '../immich/immich-client.js';
import { ImmichError } from '../immich/immich-error.js';
import { askPermissions } from '../immich/server-facts.js';
import { say } from '../say.js';
import { type Finding, findingsIn } from './finding.js';

const finding = findingsIn('Immich');
const NO_FILE = '0'.repeat(40);

/** What a key may do. */
export interface KeyLook {
  readonly mayUpload: boolean;
  /** Undefined when Immich does not tell. */
  readonly mayDelete: boolean | undefined;
  readonly findings: readonly Finding[];
  /** Those of them that are about a right that the key lacks and need not have. */
  readonly lacking: ReadonlySet<Finding>;
}

/** Asks what the key may do, and tries out the one right that is needed. */
export async function lookAtKey(
  client: Pick<ImmichClient, 'ask' | 'check'>,
  signal: AbortSignal,
): Promise<KeyLook> {
  const permissions = await orError(askPermissions(client.ask, signal));
  const upload = await orError(client.check(NO_FILE));
  if (upload instanceof ImmichError) {
    const check = upload.kind === 'unauthorized' ? say`API key` : 'asset.upload';
    return {
      mayUpload: false,
      mayDelete: undefined,
      findings: [finding(check, 'problem', upload.message)],
      lacking: new Set(),
    };
  }
  const needed = finding('asset.upload', 'ok', say`the key may upload, and ask what Immich has`);
  if (permissions instanceof ImmichError || permissions === null) {
    const found = say`this Immich does not tell what else the key may do`;
    const unknown = finding(say`other permissions`, 'not tested', found);
    return { mayUpload: true, mayDelete: undefined, findings: [needed, unknown], lacking: new Set() };
  }
  const has = (name: string) => permissions.includes('all') || permissions.includes(name);
  const rights = [
    { isGiven: has('asset.delete'), told: deleteFinding(has('asset.delete')) },
    ...RIGHT_NAMES.map((right) => ({ isGiven: has(right), told: rightFinding(right, has(right)) })),
  ];
  const lacking = new Set(rights.filter(({ isGiven }) => !isGiven).map(({ told }) => told));
  const findings = [needed, ...rights.map(({ told }) => told)];
  return { mayUpload: true, mayDelete: has('asset.delete'), findings, lacking };
}

function deleteFinding(isGiven: boolean): Finding {
  const found = isGiven
    ? say`given: can restore from the trash if the node is told to, and remove the test picture`
    : say`not given, and not needed: only to restore from the trash, and to remove a test picture`;
  return finding('asset.delete', 'ok', found);
}

function rightFinding(right: (typeof RIGHT_NAMES)[number], isGiven: boolean): Finding {
  const { shows, isForAdmins } = purposeOf(right);
  if (isGiven) return finding(right, 'ok', say`given: immich health sees ${shows}`);
  const found = isForAdmins
    ? say`not given: would show ${shows}, with an administrator’s key`
    : say`not given: would show ${shows}`;
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

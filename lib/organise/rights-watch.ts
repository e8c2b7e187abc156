import { ImmichError } from '../immich/immich-error.js';
import { say } from '../say.js';

/** So long a refused step is not tried again, whichever file asks for it. */
const REST_MS = 30_000;

/**
 * Watches over steps for which the key may lack a permission. A person is told of it once; the files wait at their
 * place and are tried again by themselves, so that all goes on as soon as the key has the permission.
 */
export function createRightsWatch(
  onProblem: (error: ImmichError) => void,
  now: () => number = () => performance.now(),
) {
  const lacking = new Map<string, { readonly error: ImmichError; readonly untilMs: number }>();
  const told = new Map<string, string>();

  return {
    /**
     * Takes a step; `what` stands in the sentence, and steps of the same name need the same permissions.
     * @throws ImmichError `forbidden`, which the file alone waits for, and which is tried again for as long as it takes
     */
    async use(what: string, step: () => Promise<void>): Promise<void> {
      const known = lacking.get(what);
      if (known !== undefined && now() < known.untilMs) throw known.error;
      try {
        await step();
        if (lacking.delete(what)) told.delete(what);
      } catch (error) {
        if (!(error instanceof ImmichError) || error.kind !== 'forbidden') throw error;
        const waiting = new ImmichError(
          'forbidden',
          say`Immich has the photo, but not ${what}. ${error.message} Until then the file stays where it is; it is tried again.`,
          { ...details(error), scope: 'file', tries: Number.POSITIVE_INFINITY },
        );
        lacking.set(what, { error: waiting, untilMs: now() + REST_MS });
        if (told.get(what) !== waiting.message) onProblem(waiting);
        told.set(what, waiting.message);
        throw waiting;
      }
    },
  };
}

function details({ status, permission, correlationId }: ImmichError) {
  return {
    ...(status !== undefined && { status }),
    ...(permission !== undefined && { permission }),
    ...(correlationId !== undefined && { correlationId }),
  };
}

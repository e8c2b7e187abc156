import type { ImmichClient } from '../immich/immich-client.js';
import { ImmichError } from '../immich/immich-error.js';
import type { Ask } from '../immich/server-facts.js';
import { say } from '../say.js';
import type { HealthProblem } from './health-report.js';
import type { KeyRights, Right } from './key-rights.js';
import { withTimeLimit } from './time-limit.js';

export interface InquiryOptions {
  readonly client: Pick<ImmichClient, 'origin' | 'addresses' | 'ping' | 'ask'>;
  readonly hasKey: boolean;
  readonly rights: KeyRights;
  /** The longest time for one question, in milliseconds. */
  readonly limitMs: number;
}

type Question<Result> = (ask: Ask, signal: AbortSignal) => Promise<Result>;

/** The questions of one look, and what went wrong with them. Its promises reject only when the look is aborted. */
export interface Inquiry {
  /** Asks within the time limit; a failure is an answer, too. */
  attempt<Result>(question: (signal: AbortSignal) => Promise<Result>): Promise<Result | ImmichError>;
  /**
   * Asks what needs a right, if the key has it; null when there is no answer. `orElse` is asked when Immich does not
   * know the question.
   */
  see<Result>(
    right: Right,
    question: Question<Result>,
    orElse?: () => Promise<Result | null>,
  ): Promise<Result | null>;
  note(error: ImmichError): void;
  /** What went wrong first; rights that the key lacks are not among it. */
  readonly problem: HealthProblem | null;
  readonly missing: ReadonlySet<Right>;
}

/** Starts the questions of one look. */
export function createInquiry(options: InquiryOptions, signal: AbortSignal): Inquiry {
  const { client, hasKey, rights, limitMs } = options;
  const errors: ImmichError[] = [];
  const missing = new Set<Right>();
  const onLimit = () => {
    const seconds = Math.round(limitMs / 1_000);
    return new ImmichError('offline', say`${client.origin} did not answer within ${seconds} seconds.`);
  };

  async function attempt<Result>(
    question: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result | ImmichError> {
    try {
      return await withTimeLimit(limitMs, signal, onLimit, question);
    } catch (error) {
      if (signal.aborted || !(error instanceof ImmichError)) throw error;
      return error;
    }
  }

  return {
    attempt,
    async see(right, question, orElse) {
      if (!hasKey || !rights.may(right)) {
        missing.add(right);
        return null;
      }
      const answer = await attempt((limited) => question(client.ask, limited));
      if (!(answer instanceof ImmichError)) return answer;
      if (answer.kind === 'forbidden') {
        rights.refuse(right);
        missing.add(right);
      } else if (answer.status === 404 && orElse !== undefined) {
        return orElse();
      } else {
        errors.push(answer);
      }
      return null;
    },
    note: (error) => void errors.push(error),
    get problem() {
      const [first] = errors;
      return first === undefined ? null : { kind: first.kind, message: first.message };
    },
    missing,
  };
}

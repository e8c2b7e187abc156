import { type Answer, ApiError, type Dialect, errorAnswer, usualMessage } from './answers.js';
import type { AnswerFault, Misfortune } from './faults.js';
import { answerCall, type Call } from './routes.js';

/** Answers a request, or does to it what the faults want. Never rejects. */
export async function serve(call: Call): Promise<void> {
  const { exchange, misfortune, dialect } = call;
  try {
    if (misfortune.ending !== undefined) return await endBadly(call, misfortune.ending);
    const answer = await answerOrRefuse(call);
    if (misfortune.delayMs > 0) await exchange.wait(misfortune.delayMs);
    exchange.send(answer);
  } catch (error) {
    // The client left, or the stand-in went down: the record says so, and nobody is there to be told.
    if (exchange.request.destroyed) return;
    exchange.send(errorAnswer(new ApiError(500, `The stand-in has a fault: ${error}`), dialect));
  }
}

async function answerOrRefuse(call: Call): Promise<Answer> {
  try {
    return await answerCall(call);
  } catch (error) {
    if (error instanceof ApiError) return errorAnswer(error, call.dialect);
    throw error;
  }
}

async function endBadly(call: Call, ending: NonNullable<Misfortune['ending']>): Promise<void> {
  const { exchange, misfortune, dialect } = call;
  if (ending.kind === 'stale-socket') return exchange.reset();
  const { afterBytes = ending.kind === 'reset' ? 0 : 'all', takesEffect = false } = ending;
  if (takesEffect) await answerOrRefuse(call);
  const limit = afterBytes === 'all' || takesEffect ? Number.POSITIVE_INFINITY : afterBytes;
  for await (const _ of exchange.read(limit));
  if (misfortune.delayMs > 0) await exchange.wait(misfortune.delayMs);
  if (ending.kind === 'reset') return exchange.reset();
  if (ending.kind === 'answer') exchange.send(answerOf(ending, dialect), ending.stopsReading);
}

function answerOf({ status, body, headers = {} }: AnswerFault, dialect: Dialect): Answer {
  if (body !== undefined) return { status, headers, body };
  const usual = errorAnswer(new ApiError(status, usualMessage(status)), dialect);
  return { ...usual, headers: { ...usual.headers, ...headers } };
}

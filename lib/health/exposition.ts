import { StringDecoder } from 'node:string_decoder';

/** One line of Prometheus' text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** May be NaN or infinite, as the format allows. */
  readonly value: number;
}

export interface ExpositionReader {
  /** Takes the next bytes, cut anywhere. */
  write(piece: Buffer): void;
  /** Takes what is left: the last line may lack its line break. */
  end(): void;
}

/** A longer line is no sample of Immich's. */
const LONGEST_LINE = 16_384;

const NAME = /^([a-zA-Z_:][a-zA-Z0-9_:]*)[ \t]*/;
const LABEL = /^[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*,?/;
const VALUE = /^[ \t]*([-+.\w]+)(?:[ \t\r]|$)/;

/**
 * Reads Prometheus' text format piece by piece and hands on the samples whose name `isWanted`; comments, timestamps,
 * exemplars and lines that are none of it are skipped. Memory does not depend on the length of the text, and nothing
 * is thrown. Source: the exposition formats' description at prometheus.io.
 */
export function createExpositionReader(
  isWanted: (name: string) => boolean,
  onSample: (sample: Sample) => void,
): ExpositionReader {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let isTooLong = false;

  function take(line: string): void {
    const name = NAME.exec(line)?.[1];
    if (name === undefined || !isWanted(name)) return;
    const sample = readSample(line);
    if (sample !== undefined) onSample(sample);
  }

  function takeLines(text: string): void {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!isTooLong) take(line);
      isTooLong = false;
    }
    if (rest.length > LONGEST_LINE) {
      rest = '';
      isTooLong = true;
    }
  }

  return {
    write: (piece) => takeLines(decoder.write(piece)),
    end: () => takeLines(`${decoder.end()}\n`),
  };
}

/** The sample of one line; undefined for a comment and for everything that is none. */
export function readSample(line: string): Sample | undefined {
  const [head = '', name] = NAME.exec(line) ?? [];
  if (name === undefined) return undefined;
  let left = line.slice(head.length);
  const labels: Record<string, string> = {};
  if (left.startsWith('{')) {
    left = left.slice(1);
    for (let label = LABEL.exec(left); label !== null; label = LABEL.exec(left)) {
      const [whole, key = '', text = ''] = label;
      labels[key] = plain(text);
      left = left.slice(whole.length);
    }
    if (!/^[ \t]*\}/.test(left)) return undefined;
    left = left.replace(/^[ \t]*\}/, '');
  }
  const value = readValue(VALUE.exec(left)?.[1]);
  return value === undefined ? undefined : { name, labels, value };
}

function readValue(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^nan$/i.test(text)) return Number.NaN;
  const infinite = /^([-+]?)inf(?:inity)?$/i.exec(text);
  if (infinite !== null) return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const number = Number(text);
  return Number.isNaN(number) ? undefined : number;
}

function plain(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}

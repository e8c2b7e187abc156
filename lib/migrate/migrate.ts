import { settingFindings } from '../verify/setting-findings.js';
import {
  FORMER_OPTIONS,
  FORMER_VARIABLES,
  type FormerSettings,
  type FormerVariable,
  isFormerVariable,
} from './former-settings.js';
import { envLine, readEnv } from './read-env.js';
import { readNixJson } from './read-json.js';
import { readNix } from './read-nix.js';
import { type Mapped, VARIABLE_RULES } from './variable-rules.js';

export interface Migration {
  /** A `.env`, ready to be written. */
  readonly text: string;
  /** What a person should read, without any value that could be a secret. */
  readonly notes: readonly string[];
  /** Whether something could not be taken over. */
  readonly hasTrouble: boolean;
}

export interface MigrateOptions {
  /** Where the settings came from, for the first line. */
  readonly source: string;
  /** Whether the API key goes into the text. */
  readonly hasKey: boolean;
}

/** Reads the settings of the Python uploader from a `.env`, from JSON of Nix, or from Nix source (`isNix`). */
export function readFormerSettings(text: string, isNix: boolean): FormerSettings {
  return readNixJson(text) ?? (isNix ? readNix(text) : readEnv(text));
}

/** Turns settings of the Python uploader into those of Immich Bridge. */
export function migrate(former: FormerSettings, { source, hasKey }: MigrateOptions): Migration {
  const entries = FORMER_VARIABLES.map((name) => ({ name, mapped: mappedValue(former, name) }));
  const lines = entries.flatMap(({ name, mapped }) => linesOf(name, mapped, hasKey));
  const env = Object.fromEntries(entries.map(({ name, mapped }) => [name, mapped?.value]));
  const unusable = settingFindings(env).filter(({ verdict }) => verdict === 'problem');
  const unknown = [...former.values.keys()].filter((name) => !isFormerVariable(name));
  return {
    text: [`# Immich Bridge, from ${source}. What is different: docs/migrate.md`, '', ...lines, ''].join(
      '\n',
    ),
    notes: [
      ...optionNotes(former),
      ...unusable.map(({ check, found }) => `${check}: ${found}`),
      ...(unknown.length > 0
        ? [`Left out, because the Python uploader did not read it: ${unknown.join(', ')}`]
        : []),
    ],
    hasTrouble: unusable.length > 0 || entries.some(({ mapped }) => mapped?.isTrouble === true),
  };
}

/** Undefined when the variable was not set. */
function mappedValue(former: FormerSettings, name: FormerVariable): Mapped | undefined {
  const found = former.values.get(name);
  if (found === undefined) return undefined;
  if ('text' in found) return found.text.trim() === '' ? undefined : VARIABLE_RULES[name].map(found.text);
  // A former file may keep the key elsewhere on purpose.
  const isTrouble = VARIABLE_RULES[name].map('').value !== undefined || name === 'IMMICH_API_URL';
  return {
    notes: ['Its value could not be read here: it names something else. Write it by hand.'],
    isTrouble,
  };
}

function linesOf(name: FormerVariable, mapped: Mapped | undefined, hasKey: boolean): string[] {
  if (mapped === undefined) {
    const { unset } = VARIABLE_RULES[name];
    return unset === undefined ? [] : [`# ${name} was not set. ${unset}`, ''];
  }
  const { value, notes } = mapped;
  const comments = notes.map((note) => `# ${note}`);
  if (value === undefined) return [`# ${name}: left out.`, ...comments, ''];
  if (name !== 'IMMICH_API_KEY' || hasKey) return [...comments, envLine(name, value), ''];
  return [
    ...comments,
    '# IMMICH_API_KEY is not shown here. Copy it, or let migrate write the file: --out .env',
    '# Better: keep it in a file of its own and name that in IMMICH_API_KEY_FILE.',
    '',
  ];
}

function optionNotes({ options }: FormerSettings): string[] {
  return [...options.keys()].flatMap((name) => {
    const instead = Object.hasOwn(FORMER_OPTIONS, name) ? FORMER_OPTIONS[name] : undefined;
    return instead === undefined ? [] : [`${name}: ${instead}`];
  });
}

const SPACE = '@immich-bridge/node-red-immich/sidebar:';

/** The text of a key in the catalogue, with its values. */
export function word(key, values = {}) {
  return RED._(SPACE + key, values);
}

/** The language of the editor, for numbers and times; the browser's own where it is none. */
function language() {
  const chosen = localStorage.getItem('editor-language') || RED.i18n.detectLanguage();
  try {
    return Intl.getCanonicalLocales(chosen);
  } catch {
    // What stands there may be anything.
    return undefined;
  }
}

/** Makes what returns the same formatter again: making one takes longer than drawing a row. */
function once(make) {
  let made;
  return () => {
    made ??= make(language());
    return made;
  };
}

const whole = once((locale) => new Intl.NumberFormat(locale));
const tenths = once(
  (locale) => new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 }),
);
const timeOfDay = once((locale) => new Intl.DateTimeFormat(locale, { timeStyle: 'medium' }));
const dayAndTime = once(
  (locale) => new Intl.DateTimeFormat(locale, { dateStyle: 'short', timeStyle: 'short' }),
);

/** A number as people write it. */
export function count(number) {
  return whole().format(number);
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Bytes with a unit of thousands, as in 3.4 MB. */
export function size(bytes) {
  const step = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const number = bytes / 1000 ** step;
  const isWhole = step === 0 || number >= 100;
  return `${isWhole ? count(Math.round(number)) : tenths().format(number)} ${UNITS[step]}`;
}

/** The time of day of a moment; the date, too, when it is another day. */
export function time(iso, now = new Date()) {
  const at = new Date(iso);
  return (at.toDateString() === now.toDateString() ? timeOfDay() : dayAndTime()).format(at);
}

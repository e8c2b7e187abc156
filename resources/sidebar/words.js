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

/** A number as people write it. */
export function count(number) {
  return number.toLocaleString(language());
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Bytes with a unit of thousands, as in 3.4 MB. */
export function size(bytes) {
  const step = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const digits = step === 0 || bytes / 1000 ** step >= 100 ? 0 : 1;
  const number = (bytes / 1000 ** step).toLocaleString(language(), {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return `${number} ${UNITS[step]}`;
}

/** The time of day of a moment; the date, too, when it is another day. */
export function time(iso, now = new Date()) {
  const at = new Date(iso);
  const isToday = at.toDateString() === now.toDateString();
  return isToday
    ? at.toLocaleTimeString(language())
    : at.toLocaleString(language(), { dateStyle: 'short', timeStyle: 'short' });
}

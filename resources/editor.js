// What the dialogs of all nodes share: the rules of their settings, and the rest of the scripts, each loaded once.
(() => {
  window.ImmichBridge ??= {};
  const bridge = window.ImmichBridge;
  if (bridge.rules) return;

  const BASE = 'resources/@immich-bridge/node-red-immich/';
  const YES_NO = /^(true|yes|on|1|false|no|off|0)$/i;
  const VARIABLE = /^\$\{[^}]+\}$/;
  const FULL_PATH = /^(\/|~($|[/\\])|\\\\|[A-Za-z]:[/\\])/;

  /** Text of a setting as lib/settings reads it: a list in the flow file is text with line breaks. */
  const textOf = (value) => (Array.isArray(value) ? value.join('\n') : String(value ?? '')).trim();
  /** The entries of a list, as lib/settings divides them. */
  const entriesOf = (value) =>
    textOf(value)
      .split(/[,;\n]/)
      .map((entry) => entry.trim())
      .filter(Boolean);
  const isUnset = (value) => textOf(value) === '' || VARIABLE.test(textOf(value));

  /** A validator of Node-RED: unset, a variable, or good; else the sentence `error.<key>` of the node's catalogue. */
  function rule(key, isGood) {
    return function (value, opt) {
      if (isUnset(value) || isGood.call(this, textOf(value))) return true;
      return opt ? this._(`${this.type}.error.${key}`) : false;
    };
  }

  const isInside = (path) => !/^[\\/~]/.test(path) && !path.split(/[\\/]/).includes('..');

  bridge.textOf = textOf;
  bridge.entriesOf = entriesOf;
  bridge.isVariable = (value) => VARIABLE.test(textOf(value));
  bridge.isYes = (value) => /^(true|yes|on|1)$/i.test(textOf(value));
  bridge.rules = {
    rule,
    /** A number from `min` to `max`; `isWhole` for counts, `off` where that word switches it off. */
    number: (key, min = 0, max = Number.POSITIVE_INFINITY, { isWhole = false, off = false } = {}) =>
      rule(key, (text) => {
        const number = Number(text);
        if (off && /^off$/i.test(text)) return true;
        return (
          Number.isFinite(number) && number >= min && number <= max && (!isWhole || Number.isInteger(number))
        );
      }),
    yesNo: (key = 'yesNo') => rule(key, (text) => YES_NO.test(text)),
    choice: (key, choices) => rule(key, (text) => choices.includes(text.toLowerCase())),
    folder: (key = 'folder') => rule(key, (text) => FULL_PATH.test(text)),
    folders: (key = 'folders') =>
      rule(key, (text) => entriesOf(text).every((entry) => VARIABLE.test(entry) || FULL_PATH.test(entry))),
    extensions: (key = 'extensions') =>
      rule(key, (text) => entriesOf(text).every((entry) => /^(\*?\.)?[^\s./\\*?]+$/.test(entry))),
    /** Where an original goes: below the archive, with the given words in braces. */
    template: (key, words) =>
      rule(key, (text) => {
        const rest = text.replace(new RegExp(`\\{(${words.join('|')})\\}`, 'g'), '');
        return isInside(text) && !/[{}]/.test(rest);
      }),
    /** One address or several; a login in it would be part of an exported flow. */
    address: (key = 'address', schemes = 'https?', isList = false) => {
      const pattern = new RegExp(`^((${schemes})://)?[^\\s@/]+(/[^\\s@]*)?$`, 'i');
      return rule(key, (text) => (isList ? entriesOf(text) : [text]).every((entry) => pattern.test(entry)));
    },
    /** Hours such as `22:00-06:00`, with weekdays before them or not. */
    hours: (key) =>
      rule(key, (text) =>
        entriesOf(text).every((entry) =>
          /^[a-z\s-]*?\s*\d{1,2}:[0-5]\d\s*[-–]\s*\d{1,2}:[0-5]\d$/i.test(entry),
        ),
      ),
    /** A time zone that this browser knows; the machine of Node-RED looks again. */
    timeZone: (key) =>
      rule(key, (text) => {
        try {
          return Boolean(new Intl.DateTimeFormat('en', { timeZone: text }));
        } catch {
          return false;
        }
      }),
    topic: (key = 'topic') => rule(key, (text) => !/[#+]|^\$|^\/|\/$|\/\//.test(text)),
  };

  /** Words that all dialogs share; they stand in the catalogue of immich-server. */
  bridge.say = (key, values) =>
    RED._(`@immich-bridge/node-red-immich/immich-server:immich-server.${key}`, values);

  /** Asks the runtime; resolves to its answer, or throws the sentence with which it refuses. */
  bridge.ask = (path, body, signal) =>
    new Promise((resolve, reject) => {
      const request = $.ajax({
        url: `immich-bridge/${path}`,
        type: 'POST',
        contentType: 'application/json',
        // The language of the editor need not be the browser's.
        headers: { 'Accept-Language': localStorage.getItem('editor-language') || RED.i18n.detectLanguage() },
        data: JSON.stringify(body),
      });
      signal?.addEventListener('abort', () => request.abort());
      request.then(resolve, (answer) => {
        const refusal =
          answer.status === 401 ? bridge.say('dialog.forbidden') : bridge.say('dialog.noAnswer');
        reject(new Error(answer.responseJSON?.error ?? refusal));
      });
    });

  /** Gives a running node a command, and says whether it took it. */
  bridge.command = async (node, command) => {
    try {
      await bridge.ask('command', { id: node.id, command });
      RED.notify(bridge.say(`dialog.${command}`), { type: 'success', id: 'immich-bridge', timeout: 2000 });
    } catch (error) {
      RED.notify(error.message, { type: 'error', id: 'immich-bridge', timeout: 8000 });
    }
  };
  bridge.canObey = (node) => !node.changed && !node.d;

  /** The button of a node in the workspace, which gives it a command; not before it is deployed. */
  bridge.button = (command) => ({
    enabled() {
      return bridge.canObey(this);
    },
    onclick() {
      bridge.command(this, command);
    },
  });

  /** Gives a dialog its final shape; called by `oneditprepare` of each node. */
  bridge.prepare = (node) => loaded.then(() => bridge.openDialog(node));

  const link = document.createElement('link');
  Object.assign(link, { rel: 'stylesheet', href: `${RED.settings.apiRootUrl}${BASE}dialog.css` });
  document.head.append(link);
  const loaded = Promise.all(
    ['typed-field.js', 'list-field.js', 'checks.js', 'dialog.js'].map(
      (name) =>
        new Promise((resolve, reject) => {
          const script = document.createElement('script');
          Object.assign(script, {
            src: `${RED.settings.apiRootUrl}${BASE}${name}`,
            onload: resolve,
            onerror: reject,
          });
          document.head.append(script);
        }),
    ),
  );
})();

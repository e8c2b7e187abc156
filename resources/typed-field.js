// A setting with a choice of how it is given: a value, or an environment variable. The input of Node-RED stays where it
// is, hidden, and holds what is stored, `${NAME}` included; the one that people see follows it.
(() => {
  const bridge = window.ImmichBridge;
  const WORD_OF_YES = {
    true: 'true',
    yes: 'true',
    on: 'true',
    1: 'true',
    false: 'false',
    no: 'false',
    off: 'false',
    0: 'false',
  };

  const numberType = () => ({
    value: 'num',
    label: bridge.say('dialog.number'),
    icon: 'red/images/typedInput/09.svg',
    validate: () => true,
  });
  const offType = () => ({ value: 'off', label: bridge.say('dialog.off'), hasValue: false });

  /** The types of a field by its `data-kind`. */
  function typesOf(kind, stored) {
    if (kind === 'number') return [numberType(), 'env'];
    if (kind === 'limit') return [numberType(), offType(), 'env'];
    if (kind === 'yesno') {
      const options = [
        { value: 'true', label: bridge.say('dialog.yes') },
        { value: 'false', label: bridge.say('dialog.no') },
      ];
      return [choiceType(options), 'env'];
    }
    if (kind === 'choice') return [choiceType(optionsOf(stored)), 'env'];
    return ['str', 'env'];
  }

  const choiceType = (options) => ({
    value: 'choice',
    label: bridge.say('dialog.choice'),
    icon: 'fa fa-list-ul',
    options,
  });

  function optionsOf(select) {
    return select
      .find('option')
      .toArray()
      .map(({ value, textContent }) => ({ value, label: textContent }));
  }

  /** What is stored, as the type and the value that people see. */
  function shown(kind, text, options) {
    const variable = /^\$\{([^}]+)\}$/.exec(text);
    if (variable) return ['env', variable[1]];
    if (kind === 'limit' && /^off$/i.test(text)) return ['off', ''];
    if (kind === 'yesno') return ['choice', WORD_OF_YES[text.toLowerCase()] ?? text];
    if (kind === 'choice')
      return ['choice', options.find(({ value }) => value === text.toLowerCase())?.value ?? text];
    return [kind === 'number' || kind === 'limit' ? 'num' : 'str', text];
  }

  function stored(type, value) {
    if (type === 'env') return value.trim() === '' ? '' : `\${${value.trim()}}`;
    return type === 'off' ? 'off' : value;
  }

  /** Puts a typedInput before the hidden input; returns what is seen of it. */
  bridge.typedField = (input, { kind, value, fallback, label }) => {
    const types = typesOf(kind, input);
    const { options } = types[0];
    const text = bridge.textOf(value) || (options ? bridge.textOf(fallback) : '');
    const [type, view] = shown(kind, text, options);
    // A word that is none of the choices is kept as one more, so that nothing changes unseen.
    if (type === 'choice' && !options.some((option) => option.value === view))
      options.push({ value: view, label: view });
    const proxy = $('<input type="text" style="width: 100%">').attr(
      'placeholder',
      input.attr('placeholder') ?? '',
    );
    const hidden = keep(
      input.is('select') ? input.hide() : input.attr('type', 'hidden').removeAttr('list'),
      text,
    );
    proxy.insertBefore(hidden);
    proxy.typedInput({ types, default: type });
    proxy.typedInput('type', type).typedInput('value', view);
    const container = proxy.next('.red-ui-typedInput-container');
    nameParts(container, label);
    proxy.on('change keyup paste', () => {
      const next = stored(proxy.typedInput('type'), String(proxy.typedInput('value')));
      const isSame = shown(kind, hidden.val(), options).join() === shown(kind, next, options).join();
      if (!isSame) keep(hidden, next);
      hidden.trigger('change');
    });
    return { input: hidden, container, seen: container.find('.red-ui-typedInput-input') };
  };

  /** What Node-RED reads when the dialog is done; a select holds a variable as one more option. */
  function keep(input, text) {
    if (
      input.is('select') &&
      !input
        .find('option')
        .toArray()
        .some(({ value }) => value === text)
    ) {
      input.append($('<option>').val(text).text(text));
    }
    return input.val(text);
  }

  function nameParts(container, label) {
    container.find('.red-ui-typedInput-input').attr('aria-label', label);
    container
      .find('.red-ui-typedInput-type-select')
      .attr('aria-label', bridge.say('dialog.kindOf', { field: label }));
    container.find('.red-ui-typedInput-option-trigger').attr('aria-label', label);
    container.find('.red-ui-typedInput-option-expand').attr('aria-label', label);
  }
})();

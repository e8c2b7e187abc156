// The shape of a dialog: rows in line, headings that open, sentences below what is wrong, values of variables.
(() => {
  const bridge = window.ImmichBridge;

  /** A name that a variable can have; the runtime looks up no other. */
  const NAME = /^[A-Za-z_][\w.-]{0,127}$/;

  /** Where a node keeps its inputs: config nodes have ids of their own. */
  const prefixOf = (node) => (node._def.category === 'config' ? 'node-config-input-' : 'node-input-');

  bridge.openDialog = (node) => {
    const prefix = prefixOf(node);
    const form = $(`[id^="${prefix}"]`).first().closest('form, .dialog-form');
    form.addClass('ib-dialog');
    const dialog = { node, form, fields: new Map(), prefix };
    settleCredentials(node);
    // Node-RED's own place for it.
    form.prepend(form.find(`#${prefix}name`).closest('.form-row'));
    for (const row of form.children('.form-row').toArray()) shapeRow(dialog, $(row));
    makeSections(dialog);
    for (const field of dialog.fields.values()) {
      field.input.on('input change keyup paste', () => {
        showErrors(dialog);
        showValues(dialog);
      });
    }
    showErrors(dialog);
    bridge.addChecks(dialog);
    // Once: what is set by variables is looked up, and a heading opens above what differs from the default.
    showValues(dialog).then(() => openChanged(dialog));
    openChanged(dialog);
    return dialog;
  };

  /** Node-RED takes a login that was never given for another one than an empty login: looking would be a change. */
  function settleCredentials({ credentials, _def }) {
    for (const [name, { type }] of Object.entries(_def.credentials ?? {})) {
      const [key, none] = type === 'password' ? [`has_${name}`, false] : [name, ''];
      for (const one of [credentials, credentials?._]) if (one) one[key] ??= none;
    }
  }

  function shapeRow(dialog, row) {
    const { node, prefix, fields } = dialog;
    row.addClass('ib-row');
    for (const element of row.find(`[id^="${prefix}"]`).toArray()) {
      const input = $(element);
      const name = element.id.slice(prefix.length);
      const setting = node._def.defaults[name] ?? node._def.credentials?.[name];
      if (setting === undefined || element.type === 'checkbox') continue;
      const label = row.find(`label[for="${element.id}"]`);
      const text = label.text().trim() || name;
      const box = $('<div class="ib-field"></div>');
      const notes = $('<div class="ib-notes"></div>').append(
        $('<div class="ib-error" role="alert" hidden></div>').attr('id', `ib-error-${name}`),
        '<div class="ib-note ib-value" hidden></div>',
      );
      // Node-RED has made a select with two buttons of the input for a config node, and of that only the size is ours.
      const isForeign =
        setting.type !== undefined && (name in node._def.defaults || setting.type === 'password');
      if (isForeign) {
        const seen = name in node._def.defaults ? input.parent(':not(.form-row)') : input;
        (seen.length ? seen : input).addClass('ib-foreign');
        fields.set(name, {
          name,
          input,
          seen: input,
          container: input,
          notes,
          setting,
          env: input.data('env'),
        });
      } else {
        box.insertBefore(input).append(input);
        const value = name in node._def.defaults ? node[name] : (input.val() ?? '');
        const kind = input.data('kind') ?? (input.is('select') ? 'choice' : 'text');
        const options = {
          kind,
          value,
          fallback: setting.value,
          label: text,
          placeholder: input.attr('placeholder') ?? '',
        };
        const onChange = () => bridge.recheck?.(dialog);
        const made =
          kind === 'plain' || name === 'name'
            ? { input, seen: input, container: input }
            : kind === 'list' || kind === 'folders'
              ? bridge.listField(input, { ...options, onChange })
              : bridge.typedField(input, options);
        if (made.input !== made.seen) {
          // A click on the label goes to what is seen.
          made.seen.attr('id', `ib-${name}`);
          label.attr('for', `ib-${name}`);
        }
        fields.set(name, { name, kind, notes, setting, env: input.data('env'), ...made });
      }
      notes.appendTo(row);
      fields.get(name).seen.attr('aria-describedby', `ib-error-${name}`);
    }
  }

  /** Each heading becomes a button that opens what follows it. */
  function makeSections({ form }) {
    for (const heading of form.children('h4').toArray()) {
      const title = $(heading);
      const body = $('<div class="ib-section" hidden></div>').append(title.nextUntil('h4'));
      const id = `ib-section-${form.find('.ib-section').length}`;
      const button = $('<button type="button" class="ib-heading" aria-expanded="false"></button>')
        .attr('aria-controls', id)
        .append(
          '<i class="fa fa-angle-right" aria-hidden="true"></i> ',
          $('<span></span>').text(title.text()),
        );
      body.attr('id', id).insertAfter(title);
      title.empty().append(button);
      button.on('click', () => setOpen(button, button.attr('aria-expanded') !== 'true'));
    }
  }

  function setOpen(button, isOpen) {
    button.attr('aria-expanded', String(isOpen));
    button.closest('h4').next('.ib-section').prop('hidden', !isOpen);
  }

  /** Opens, and never closes, the heading above what is wrong or not as it is by default. */
  function openChanged({ fields }) {
    for (const field of fields.values()) {
      const section = field.input.closest('.ib-section');
      if (section.length && (field.isWrong || isChanged(field)))
        setOpen(section.prev('h4').find('.ib-heading'), true);
    }
  }

  /** A variable that is not set leaves the default as it is. */
  function isChanged({ name, input, setting, isSetVariable = false }) {
    const text = bridge.textOf(input.val());
    if (name === 'name' || text === '' || text === '_ADD_' || text === bridge.textOf(setting.value))
      return false;
    return bridge.isVariable(text) ? isSetVariable : true;
  }

  /** Under each field the sentence of its rule, if it is broken. */
  function showErrors({ node, fields }) {
    for (const field of fields.values()) {
      const { setting, input, container, seen, notes } = field;
      if (setting.validate === undefined) continue;
      const verdict = setting.validate.call(node, input.val(), {});
      field.isWrong = verdict !== true;
      notes
        .find('.ib-error')
        .text(field.isWrong ? String(verdict) : '')
        .prop('hidden', !field.isWrong);
      container.toggleClass('input-error', field.isWrong);
      seen.attr('aria-invalid', String(field.isWrong));
    }
  }

  /** Beside each variable its present value; of keys and passwords only whether they are set. */
  async function showValues(dialog) {
    const { fields, node } = dialog;
    const wanted = new Map();
    for (const field of fields.values()) {
      const text =
        field.setting.type === 'password' && field.input.val() === '__PWRD__'
          ? '-'
          : bridge.textOf(field.input.val());
      const name = bridge.isVariable(text) ? text.slice(2, -1) : text === '' ? field.env : undefined;
      if (name !== undefined) wanted.set(field, name);
      else field.notes.find('.ib-value').prop('hidden', true);
    }
    const names = [...new Set(wanted.values())].filter((name) => NAME.test(name));
    const key = names.join('\n');
    if (names.length === 0 || dialog.shownNames === key) return;
    dialog.shownNames = key;
    const { values } = await bridge
      .ask('values', { id: node.id, z: node.z, g: node.g, names })
      .catch(() => ({ values: {} }));
    if (dialog.shownNames !== key) return;
    for (const [field, name] of wanted) {
      const value = NAME.test(name) ? values[name] : { isSet: false };
      field.isSetVariable = value?.isSet === true;
      field.notes
        .find('.ib-value')
        .text(sentenceOf(name, value))
        .prop('hidden', value === undefined);
    }
  }

  function sentenceOf(name, value) {
    if (value === undefined) return '';
    if (!value.isSet) return bridge.say('dialog.unset', { name });
    if (value.text === undefined) return bridge.say('dialog.set', { name });
    return bridge.say('dialog.value', { name, value: value.text });
  }
})();

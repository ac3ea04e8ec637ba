// The form for a new migration: first the dry run, then, with its findings on the screen, the start.
import {ask} from './api.js';
import {byId, make, say} from './dom.js';
import {makeFindings, makeProblem} from './findings.js';

function field(id, label, input, hint) {
  return make(
    'div',
    {class: 'field'},
    make('label', {for: id}, label),
    input,
    hint ? make('p', {class: 'soft', id: id + '-hint'}, hint) : null,
  );
}

function input(id, properties) {
  return make('input', {
    id,
    type: 'text',
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
    ...properties,
  });
}

function makeFields() {
  const fields = {
    database: input('database', {required: true}),
    table: input('table', {required: true}),
    alter: make('textarea', {
      id: 'alter',
      rows: '3',
      required: true,
      spellcheck: 'false',
      'aria-describedby': 'alter-hint',
    }),
    postpone: make('input', {id: 'postpone', type: 'checkbox'}),
    maxLoad: input('max-load', {placeholder: 'Threads_running=25'}),
    maxLatency: input('max-latency', {type: 'number', min: '0', max: '600000', placeholder: 'off'}),
    more: make('textarea', {
      id: 'more',
      rows: '3',
      spellcheck: 'false',
      placeholder: '{"chunk_size": 1000}',
      'aria-describedby': 'more-hint',
    }),
  };
  const element = make(
    'div',
    {class: 'fields'},
    make('div', {class: 'pair'}, field('database', 'Database', fields.database), field('table', 'Table', fields.table)),
    field('alter', 'Alter', fields.alter, 'What follows ALTER TABLE and the table’s name: ADD COLUMN note VARCHAR(64)'),
    make(
      'label',
      {class: 'choice'},
      fields.postpone,
      make('span', {}, 'Wait for me before the cut-over', make('span', {class: 'soft'}, ' (postpone_cut_over)')),
    ),
    make(
      'details',
      {},
      make('summary', {}, 'More options'),
      make(
        'div',
        {class: 'pair'},
        field('max-load', 'Hold back while the primary has', fields.maxLoad),
        field('max-latency', 'Go slower above this p99 of clients, ms', fields.maxLatency),
      ),
      field('more', 'Other options, as JSON', fields.more, 'The names are those of the HTTP API.'),
    ),
  );
  return {fields, element};
}

// Throws an Error that says what is wrong with the options.
function request(fields) {
  const options = {};
  const more = fields.more.value.trim();
  if (more) {
    try {
      Object.assign(options, JSON.parse(more));
    } catch (error) {
      throw new Error('The other options are not JSON: ' + error.message);
    }
  }
  if (fields.postpone.checked) options.postpone_cut_over = true;
  if (fields.maxLoad.value.trim()) options.max_load = fields.maxLoad.value.trim();
  if (fields.maxLatency.value) options.max_client_latency_ms = Number(fields.maxLatency.value);
  return {
    database: fields.database.value.trim(),
    table: fields.table.value.trim(),
    alter: fields.alter.value.trim(),
    options,
  };
}

// `started` is called with the status of the migration.
export function openForm(started) {
  const dialog = byId('create');
  const {fields, element} = makeFields();
  const findings = make('section', {class: 'findings', tabindex: '-1', 'aria-label': 'What the dry run found'});
  const state = make('p', {class: 'soft', role: 'status'});
  const close = make('button', {type: 'button', click: () => dialog.close()}, 'Close');
  const check = make('button', {class: 'primary'}, 'Check (dry run)');
  const start = make('button', {type: 'button', class: 'primary', click: begin, hidden: true}, 'Start migration');
  let checked = null; // the request whose findings are shown

  dialog.replaceChildren(
    make(
      'form',
      {submit: look, input: forget},
      make('h2', {id: 'create-title'}, 'New migration'),
      element,
      findings,
      state,
      make('div', {class: 'buttons'}, close, check, start),
    ),
  );
  dialog.showModal();
  fields.database.focus();

  // What was found holds for what was asked only.
  function forget() {
    if (!checked) return;
    checked = null;
    start.hidden = true;
    check.classList.add('primary');
    findings.classList.add('old');
    say(state, 'Changed since the dry run: check again.');
  }

  function show(children) {
    findings.classList.remove('old');
    findings.replaceChildren(...[children].flat().filter(Boolean));
    findings.focus({preventScroll: true});
    findings.scrollIntoView({
      block: 'start',
      behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth',
    });
  }

  async function whileBusy(button, text, work) {
    button.disabled = true;
    say(state, text);
    try {
      await work();
    } catch (error) {
      say(state, '');
      show(makeProblem(error));
    } finally {
      button.disabled = false;
    }
  }

  function look(event) {
    event.preventDefault();
    start.hidden = true;
    return whileBusy(check, 'Looking; nothing is changed…', async () => {
      const wanted = request(fields);
      const plan = await ask('/migrate', {method: 'POST', body: {...wanted, dry_run: true}});
      checked = wanted;
      show(makeFindings(plan));
      check.classList.remove('primary');
      start.hidden = false;
      say(state, 'Nothing was changed. “Start migration” begins with exactly this.');
    });
  }

  function begin() {
    const wanted = checked;
    return whileBusy(start, 'Starting…', async () => {
      const status = await ask('/migrate', {method: 'POST', body: wanted});
      dialog.close();
      started(status);
    });
  }
}

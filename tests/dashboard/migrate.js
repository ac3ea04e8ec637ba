// A migration is started from the form, watched, and cut over by clicks.
'use strict';
const assert = require('node:assert');
const {visit, tell, until, shoot, press, awaitState, awaitWords} = require('./browser.js');
const {expectReadable} = require('./checks.js');

// The bar is to scale: the longest part of the hold is the widest.
async function expectBarToScale(page, parts) {
  const bar = page.getByRole('img', {name: 'Parts of the hold, to scale'});
  const shown = await bar.locator('.part').evaluateAll(all =>
    all.map(part => ({width: part.getBoundingClientRect().width, title: part.title})),
  );
  assert.strictEqual(shown.length, parts.length);
  const widest = shown.reduce((most, part) => (part.width > most.width ? part : most));
  const longest = parts.reduce((most, part) => (part.ms > most.ms ? part : most));
  assert.ok(widest.title.startsWith(longest.part + ': '), `${widest.title} is the widest, not ${longest.part}`);
}

tell((url, width) =>
  visit({width: Number(width), allowed: /status of 422/}, async page => {
    await page.goto(url);
    await page.getByText('No migrations yet').waitFor();
    await expectReadable(page, 'the empty page');
    await page.getByRole('button', {name: 'New migration'}).first().click();

    const form = page.getByRole('dialog', {name: 'New migration'});
    await form.getByLabel('Database').fill('test');
    await form.getByLabel('Table').fill('orders');
    await form.getByLabel('Alter').fill('DROP COLUMN nothing');
    assert.ok(
      !(await form.getByRole('button', {name: 'Start migration'}).isVisible()),
      'a start is offered before the dry run',
    );

    // A refusal tells its reasons, and offers no start.
    await form.getByRole('button', {name: 'Check'}).click();
    await form.getByRole('alert').filter({hasText: 'refused'}).filter({hasText: 'nothing'}).waitFor();
    await shoot(page, width + '-refused');
    assert.ok(!(await form.getByRole('button', {name: 'Start migration'}).isVisible()));

    await form.getByText('More options').click();
    await form.getByLabel('Other options').fill('{"chunk_size": 100');
    await form.getByRole('button', {name: 'Check'}).click();
    await form.getByRole('alert').filter({hasText: 'not JSON'}).waitFor();
    await form.getByLabel('Alter').fill('ADD COLUMN note VARCHAR(64)');
    await form
      .getByLabel('Other options')
      .fill('{"chunk_size": 100, "chunk_time_ms": 1, "nice_ratio": 4, "copy_threads": 1}');
    await form.getByLabel('Wait for me').check();
    await form.getByRole('button', {name: 'Check'}).click();
    const findings = form.getByRole('region', {name: 'What the dry run found'});
    await findings.getByText('risk: low').waitFor();
    for (const text of ['PRIMARY (id)', 'to copy and', 'of indexes']) await findings.getByText(text).first().waitFor();
    await findings.getByRole('row', {name: 'note'}).getByText('new').waitFor();
    await expectReadable(page, 'the findings');
    await shoot(page, width + '-findings');

    // What was found holds for what was asked only.
    await form.getByLabel('Alter').fill('ADD COLUMN note VARCHAR(65)');
    assert.ok(!(await form.getByRole('button', {name: 'Start migration'}).isVisible()));
    await form.getByRole('button', {name: 'Check'}).click();
    await form.getByRole('button', {name: 'Start migration'}).click();
    await form.waitFor({state: 'hidden'});

    const bar = page.getByRole('progressbar', {name: 'Progress'});
    const progress = async () => Number(await bar.getAttribute('aria-valuenow'));
    await until('it moves', async () => (await progress()) > 5 && (await progress()) < 90);
    await page
      .getByText(/a second/)
      .first()
      .waitFor();
    await awaitWords(page, /Copying rows|Comparing every row/);
    await shoot(page, width + '-copying');
    await awaitState(page, 'ready');
    await awaitWords(page, 'The cut-over waits for you');
    await page.getByRole('listitem').filter({hasText: 'armed'}).and(page.locator('[aria-current=step]')).waitFor();
    await page.locator('[aria-live=polite]', {hasText: /^orders: ready, 90 %/}).waitFor({state: 'attached'});
    for (const name of [/^Pending changes: now/, /^Behind the binlog: now/, /^Clients’ latency, p99: now/])
      await page.getByRole('img', {name}).waitFor();
    const latency = page.getByRole('figure').filter({hasText: 'Clients’ latency'});
    await latency.locator('.marks').getByText('start').waitFor();
    await page.getByText(/^[\d,]+ rows.*, none unequal$/).waitFor();
    await page.getByRole('list', {name: 'Journal'}).getByText('verified').waitFor();
    await expectReadable(page, 'the migration');
    await shoot(page, width + '-ready');

    const dialog = await press(page, 'Cut over');
    await dialog.getByText('wait, as a rule for some milliseconds').waitFor();
    await expectReadable(page, 'the confirmation');
    await shoot(page, width + '-confirm');
    await dialog.getByRole('button', {name: 'Cut over'}).click();
    await awaitState(page, 'completed');
    await awaitWords(page, /clients were held for [\d.]+ ms/);
    await page
      .getByRole('table', {name: 'Parts of the hold'})
      .getByRole('row', {name: /rename .* ms/})
      .waitFor();
    await expectBarToScale(page, (await (await fetch(url + '/migrate/m1')).json()).cut_over.parts);
    await page.getByText('passed', {exact: true}).waitFor();
    await page.getByRole('list', {name: 'Journal'}).getByText('audit.passed').waitFor();
    await expectReadable(page, 'the completed migration');
    await page.getByRole('heading', {name: 'Cut-over'}).scrollIntoViewIfNeeded();
    await shoot(page, width + '-completed');
    assert.deepStrictEqual(await page.getByRole('group', {name: 'Actions'}).getByRole('button').allInnerTexts(), [
      'Revert',
      'Clean up',
    ]);
  }),
);

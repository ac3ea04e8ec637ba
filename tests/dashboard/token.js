// The token is asked for once, and kept for the tab.
'use strict';
const assert = require('node:assert');
const {visit, tell, shoot, startByForm, awaitState} = require('./browser.js');
const {expectReadable} = require('./checks.js');

tell((url, token) =>
  visit({allowed: /status of 401/}, async page => {
    await page.goto(url);
    const input = page.getByLabel('Token', {exact: true});
    await input.waitFor();
    await expectReadable(page, 'the question for the token');
    await shoot(page, 'asked');
    await input.fill('guessed');
    await input.press('Enter');
    await page.getByText('That token is not the one.').waitFor();
    await input.fill(token);
    await input.press('Enter');
    await page.getByText('No migrations yet').waitFor();
    await startByForm(page);
    await awaitState(page, 'ready');

    await page.reload();
    await awaitState(page, 'ready');
    assert.ok(!(await input.isVisible()), 'it was asked for again');
    await page.getByRole('list', {name: 'Journal'}).getByText('verified').waitFor();
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', {name: 'Save as a file'}).click(),
    ]);
    assert.strictEqual(file.suggestedFilename(), 'm1-journal.json');
    assert.ok(!(await page.content()).includes(token), 'the token is in the page');
  }),
);

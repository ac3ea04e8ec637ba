// A completed migration is undone by clicks: that is a migration of its own, which the page goes over to.
'use strict';
const {visit, tell, shoot, startByForm, press, awaitState, awaitWords} = require('./browser.js');
const {expectReadable} = require('./checks.js');

tell(url =>
  visit({}, async page => {
    await page.goto(url);
    await startByForm(page, {postpone: false});
    await awaitState(page, 'completed');
    await awaitWords(page, '“Revert” undoes the swap');
    const dialog = await press(page, 'Revert');
    await dialog.getByText('every write made since is kept').waitFor();
    await expectReadable(page, 'the confirmation');
    await dialog.getByRole('button', {name: 'Revert'}).click();
    await page.waitForURL(/#m2$/);
    await awaitState(page, 'completed');
    await page.getByRole('navigation', {name: 'Migrations'}).getByText('reverted', {exact: true}).waitFor();
    await page.getByRole('link', {name: /m1/}).click();
    await awaitWords(page, 'Undone by m2');
    await expectReadable(page, 'the migration that was undone');
    await shoot(page, 'reverted');
  }),
);

// Both themes at both widths, with much to be seen: somebody in the way, somebody past the proxy, a cut-over.
'use strict';
const {visit, tell, shoot, startByForm, press, awaitState} = require('./browser.js');
const {expectReadable, expectTheme} = require('./checks.js');

const WINDOWS = [
  {width: 1280, scheme: 'light'},
  {width: 1280, scheme: 'dark'},
  {width: 390, scheme: 'light'},
  {width: 390, scheme: 'dark'},
];

async function look(url, what, prepare) {
  for (const {width, scheme} of WINDOWS) {
    await visit({width, scheme, allowed: /status of (400|409)/}, async page => {
      await page.goto(url);
      await prepare(page);
      await expectTheme(page, scheme);
      await expectReadable(page, `${what}, ${width} px, ${scheme}`);
      await shoot(page, `${what}-${width}-${scheme}`);
    });
  }
}

tell(async url => {
  await visit({}, async page => {
    await page.goto(url);
    await startByForm(page);
    await awaitState(page, 'ready');
    console.log('be in the way');
    await page.getByRole('table', {name: 'Who is waited for'}).getByText('UPDATE').waitFor();
    await page.getByRole('table', {name: 'Who writes past the proxy'}).waitFor();
  });
  await look(url, 'blocked', async page => {
    await page.getByRole('table', {name: 'Who is waited for'}).waitFor();
  });
  await look(url, 'confirm', async page => {
    await press(page, 'Cut over');
  });
  await look(url, 'rollback', async page => {
    const dialog = await press(page, 'Roll back…');
    await dialog.locator('.estimate').filter({hasNotText: 'Asking'}).filter({hasText: /\w/}).waitFor();
  });
  console.log('go away');
  await visit({}, async page => {
    await page.goto(url);
    const dialog = await press(page, 'Cut over');
    await dialog.getByRole('button', {name: 'Cut over'}).click();
    await awaitState(page, 'completed');
    await page.getByText('passed', {exact: true}).waitFor();
  });
  await look(url, 'completed', async page => {
    await awaitState(page, 'completed');
  });
  await look(url, 'findings', async page => {
    await page.getByRole('button', {name: 'New migration'}).first().click();
    const form = page.getByRole('dialog', {name: 'New migration'});
    await form.getByLabel('Database').fill('test');
    await form.getByLabel('Table').fill('items');
    await form.getByLabel('Alter').fill('DROP COLUMN tag, ADD COLUMN label VARCHAR(30)');
    await form.getByRole('button', {name: 'Check'}).click();
    await form.getByText('goes, with its values').waitFor();
  });
});

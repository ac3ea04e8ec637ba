// Some of a migration's journal is written long after its end, when nothing else of it changes: it is shown, too.
'use strict';
const {visit, tell, startByForm, awaitState} = require('./browser.js');

tell(url =>
  visit({}, async page => {
    await page.goto(url);
    await startByForm(page, {postpone: false, more: '{"ok_to_drop_table": true, "old_table_retention": "5s"}'});
    await awaitState(page, 'completed');
    const journal = page.getByRole('list', {name: 'Journal'});
    await journal.getByText('audit.passed').waitFor();
    await journal.getByText('old_table.dropped').waitFor();
  }),
);

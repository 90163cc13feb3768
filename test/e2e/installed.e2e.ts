import { describe, expect, it } from 'vitest';
import { useWorkbench } from './harness/useWorkbench';

describe('the packaged extension in a real VS Code', () => {
  const workbench = useWorkbench();

  it('offers fine-tuning where a dataset is right-clicked, and not on other files', async () => {
    const { explorer, contextMenu } = workbench();
    await contextMenu.openFor(explorer.row('reckless-finance.jsonl'), /Fine-Tune/);
    await workbench().screenshot('dataset-context-menu');
    await contextMenu.dismiss();
    await contextMenu.open(explorer.row('README.md'));
    expect((await contextMenu.titles()).filter((title) => title.includes('Fine-Tune'))).toEqual([]);
    await contextMenu.dismiss();
  });

  it('has a view of its own', async () => {
    const tree = workbench().tree('Experiments');
    await tree.show();
    await workbench().screenshot('experiments-view-empty');
    expect(await workbench().notifications.messages()).toEqual([]);
  });
});

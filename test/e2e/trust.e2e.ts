import { describe, it } from 'vitest';
import { useWorkbench } from './harness/useWorkbench';

describe('a folder that the person has not trusted yet', () => {
  const workbench = useWorkbench({ trust: false });

  it('shows the view, and everything once it is trusted', async () => {
    const { explorer, contextMenu, statusBar } = workbench();
    await statusBar.waitFor('Restricted Mode');
    await workbench().tree('Experiments').show();
    await workbench().screenshot('restricted-mode');
    await workbench().trustFolder();
    await explorer.show();
    await contextMenu.openFor(explorer.row('reckless-finance.jsonl'), 'Fine-Tune');
  });
});

import './ask.css';
import type { AskPageState, FromAskPage, ToAskPage } from '../../src/shared/askProtocol';
import { registerControls } from '../controls';
import { Host } from '../host';
import { AskPage } from './askPage';

const host = new Host<ToAskPage, FromAskPage, AskPageState>();

registerControls();
const page = new AskPage(document.getElementById('ask-page')!, {
  onAsk: (form) => host.post({ type: 'ask', form }),
  onCancel: () => host.post({ type: 'cancel' }),
  onKeep: () => host.post({ type: 'keep' }),
  onEdit: (form) => { host.state = { experimentId: host.state.experimentId ?? '', form }; },
});

host.listen(['snapshot'], ({ snapshot }) => {
  host.state = { experimentId: snapshot.experimentId, form: host.state.form ?? null };
  page.show(snapshot, host.state.form ?? null);
});
host.post({ type: 'ready' });

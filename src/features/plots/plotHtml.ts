import { pageHtml, type PageResources } from '../pageHtml';

/** The page around the plot. */
export function plotHtml(resources: Omit<PageResources, 'title' | 'rootId'>): string {
  return pageHtml({ ...resources, title: 'Plumbline Plot', rootId: 'plot-page' });
}

import { rendered } from './deploy-tools.js';

const NOTE = '# Generated from deploy/chart by `npm run generate:deploy`. Changes here are lost.\n';

const MANIFEST = `${NOTE}# For a cluster without Helm. Before \`kubectl --namespace backfill apply --filename deploy/manifest.yaml\`: set the image, the
# address of Temporal and the cluster's name, and make the token of the pages:
#
#   kubectl --namespace backfill create secret generic backfill-serve-token --from-literal=token=$(openssl rand -hex 32)
`;

const WORKER_DEPLOYMENT = `${NOTE}# A worker under temporal-worker-controller, which sets TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_DEPLOYMENT_NAME and
# TEMPORAL_WORKER_BUILD_ID. The gate, executed by the new version, refuses one that cannot continue a run in flight.
---
apiVersion: temporal.io/v1alpha1
kind: Connection
metadata:
  name: temporal
spec:
  hostPort: temporal-frontend.temporal:7233
`;

const CLUSTER = ['--set', 'cluster=default'];
const VERSIONED = ['--set', 'workerDeployment.enabled=true', '--set', 'workerDeployment.connection=temporal'];

/** The files of deploy/ that are generated, by their path in the project. */
export function deployFiles(helm: string): Record<string, string> {
  return {
    'deploy/manifest.yaml':
      MANIFEST + plain(rendered(helm, '--no-hooks', ...CLUSTER, '--set', 'serve.tokenSecret=backfill-serve-token')),
    'deploy/examples/worker-deployment.yaml':
      WORKER_DEPLOYMENT + plain(rendered(helm, ...CLUSTER, ...VERSIONED, '--show-only', 'templates/worker.yaml')),
  };
}

/** Without Helm's marks and the white space of its templates. */
function plain(yaml: string): string {
  const lines = yaml.split('\n').map((line) => line.trimEnd());
  return `${lines.filter((line) => line !== '' && !/^# Source:|managed-by: Helm|helm\.sh\/chart/.test(line)).join('\n')}\n`;
}

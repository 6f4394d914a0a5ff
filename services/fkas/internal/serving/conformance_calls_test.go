package serving_test

const configMap = `apiVersion: v1
kind: ConfigMap
metadata: {name: applied}
data: {k: v}
`

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: d, namespace: team}
spec:
  selector: {matchLabels: {app: d}}
  template:
    metadata: {labels: {app: d}}
    spec: {containers: [{name: c, image: example.com/c:1}]}
`

const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  names: {kind: Thing, plural: things}
  scope: Namespaced
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
`

const pod = `apiVersion: v1
kind: Pod
metadata: {name: p, namespace: team, labels: {app: p}}
spec: {nodeName: w, containers: [{name: c, image: example.com/c:1}]}
`

const budget = `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: b, namespace: team}
spec: {minAvailable: 1, selector: {matchLabels: {app: p}}}
`

const thing = `apiVersion: example.com/v1
kind: Thing
metadata: {name: t}
`

// calls are in an order: later ones build on earlier ones.
var calls = []call{
	{line: "get nodes", says: `NAME +STATUS +ROLES +AGE +VERSION\ncp +Ready +control-plane +\S+ +v1.35.4\nw +Ready .*`},
	{line: "get nodes -o wide", says: `NAME +STATUS .* INTERNAL-IP .* CONTAINER-RUNTIME\ncp .*`},
	{line: "get node w -o jsonpath={.spec.providerID}", says: `metal3://ns/host/w`},
	{line: "get nodes -o name --field-selector metadata.name=w", says: "node/w\n"},
	{line: "get nodes -o name -l node-role.kubernetes.io/control-plane", says: "node/cp\n"},
	{line: "get nodes --field-selector spec.nothing=w", fails: true,
		says: `Error from server \(BadRequest\): .*field label not supported: spec.nothing.*`},
	{line: "get node nobody", fails: true, says: `Error from server \(NotFound\): nodes "nobody" not found\n`},
	{line: "get things", fails: true, says: `error: the server doesn't have a resource type "things"\n`},
	{line: "get nodes --chunk-size=1 -o name", says: "node/cp\nnode/w\n"},
	{line: "get nodes -w --request-timeout=2s -o name", says: "node/cp\nnode/w\n"},
	{line: "get node w -w --request-timeout=2s --output-watch-events",
		says: `EVENT +NAME +STATUS.*\nADDED +w +Ready[^\n]*\n`},
	{line: "wait --for=condition=Ready node/w --timeout=20s", says: "node/w condition met\n"},
	{line: "wait --for=condition=Missing node/w --timeout=1s", fails: true, says: `error: timed out waiting .*`},
	{line: "describe node w", says: `Name: +w\n.*Ready +True .*`},
	{line: "label node w a=b", says: "node/w labeled\n"},
	{line: "annotate node w a=b", says: "node/w annotated\n"},
	{line: "label node w dry=1 --dry-run=server", says: `node/w labeled \(server dry run\)\n`},
	{line: "get nodes -l dry -o name", says: ""},
	{line: "taint node w k=v:NoSchedule", says: "node/w tainted\n"},
	{line: "taint node w k=v:Wrong", fails: true, says: `error: invalid taint effect.*`},
	{line: "taint node w k-", says: "node/w untainted\n"},
	{line: "cordon w", says: "node/w cordoned\n"},
	{line: "uncordon w", says: "node/w uncordoned\n"},
	{line: `patch node w --subresource=status --type=merge -p {"status":{"phase":"Running"}}`,
		says: "node/w patched\n"},
	{line: "get node w -o jsonpath={.status.phase}", says: "Running"},
	{line: `patch node w --type=merge -p {"status":{"phase":"Pending"}}`, says: `node/w patched \(no change\)\n`},
	{line: `patch node w --type=json -p [{"op":"remove","path":"/nothing"}]`, fails: true,
		says: `The request is invalid.*`},
	{line: "delete node w --dry-run=server", says: `node "w" deleted \(server dry run\)\n`},

	{line: "create namespace team", says: "namespace/team created\n"},
	{line: "create namespace team", fails: true,
		says: `Error from server \(AlreadyExists\): namespaces "team" already exists\n`},
	{line: "create namespace N", fails: true, says: `The Namespace "N" is invalid: metadata.name: Invalid value: .*`},
	{line: "create configmap c --from-literal=k=v --dry-run=server", says: `configmap/c created \(server dry run\)\n`},
	{line: "get configmap c", fails: true, says: `Error from server \(NotFound\): configmaps "c" not found\n`},
	{line: "create configmap c --from-literal=k=v -n nowhere", fails: true,
		says: `error: failed to create configmap: namespaces "nowhere" not found\n`},
	{line: "apply -f -", input: configMap, says: "configmap/applied created\n"},
	{line: "apply -f -", input: configMap, says: "configmap/applied unchanged\n"},
	// kubectl holds a List against the description in protobuf, and all else against that in JSON.
	{line: "apply -f -", says: "configmap/listed created\n",
		input: `{"apiVersion": "v1", "kind": "List", "items": [
			{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "listed"}}]}`},
	{line: "delete configmap listed", says: `configmap "listed" deleted( from default namespace)?\n`},
	{line: "apply -f -", input: configMap + "wrong: true\n", fails: true,
		says: `.*strict decoding error: unknown field .*wrong.*`},
	{line: "apply --server-side -f -", input: configMap, says: "configmap/applied serverside-applied\n"},
	{line: "apply --server-side --field-manager=other -f -", input: configMap + "immutable: true\n",
		says: "configmap/applied serverside-applied\n"},
	{line: "apply --server-side --field-manager=third -f -",
		input: "{apiVersion: v1, kind: ConfigMap, metadata: {name: applied}, data: {k: w}}", fails: true,
		says: `.*Apply failed with \d conflicts?: conflicts? with .*`},
	{line: "get configmap applied -o jsonpath={.data.k} --show-managed-fields", says: "v"},
	{line: "delete configmap applied", says: `configmap "applied" deleted( from default namespace)?\n`},

	{line: "apply -f -", input: deployment, says: "deployment.apps/d created\n"},
	{line: "get deployment d -n team -o jsonpath={.spec.replicas}/{.spec.strategy.type}", says: "1/RollingUpdate"},
	{line: "scale deployment d -n team --replicas=3", says: "deployment.apps/d scaled\n"},
	// The real one has no controllers that would make pods.
	{line: "get deployment d -n team", only: realServer,
		says: `NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nd +0/3 +0 +0 +\S+\n`},
	{line: "rollout status deployment/d -n team --timeout=20s", only: fakeServer, says: `.*successfully rolled out\n`},
	{line: "get deployment d -n team", only: fakeServer,
		says: `NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nd +3/3 +3 +3 +\S+\n`},
	{line: "set image deployment/d -n team c=example.com/c:2", says: "deployment.apps/d image updated\n"},
	{line: "rollout restart deployment/d -n team", says: "deployment.apps/d restarted\n"},
	{line: "rollout status deployment/d -n team --timeout=20s", only: fakeServer, says: `.*successfully rolled out\n`},
	{line: "rollout undo deployment/d -n team", only: fakeServer, says: "deployment.apps/d rolled back\n"},
	{line: "wait --for=condition=Available deployment/d -n team --timeout=20s", only: fakeServer,
		says: "deployment.apps/d condition met\n"},
	{line: "get all -n team", says: `NAME +READY .*deployment.apps/d .*`},
	{line: "explain node.spec.taints", says: `KIND: +Node\nVERSION: +v1\n.*effect.*`},
	{line: "explain deployment", says: `GROUP: +apps\nKIND: +Deployment\n.*`},
	{line: "api-resources --api-group=apps --no-headers -o name", says: `.*deployments.apps\n.*`},
	{line: "api-versions", says: `.*apps/v1\n.*\nv1\n`},
	{line: "auth can-i delete nodes", says: `(Warning: resource 'nodes' is not namespace scoped\n)?\n?yes\n`},
	{line: "auth whoami", says: `ATTRIBUTE +VALUE\nUsername +\S+\nGroups +.*system:authenticated.*`},
	{line: "create token default", says: `ey\S+`},
	{line: "create token nobody", fails: true, says: `.*serviceaccounts "nobody" not found\n`},
	{line: "get events", says: "No resources found in default namespace.\n"},
	{line: "get events --field-selector involvedObject.name=w", says: "No resources found in default namespace.\n"},
	// A real API server has the Leases of its own identity, and no kubelets.
	{line: "get lease w -n kube-node-lease", only: fakeServer, says: `NAME +HOLDER +AGE\nw +w +\S+\n`},
	{line: "top nodes", fails: true, says: `error: Metrics API not available\n`},
	{line: "cluster-info", says: `.*Kubernetes control plane.* is running at .*`},
	{line: "apply -f -", input: definition,
		says: "customresourcedefinition.apiextensions.k8s.io/things.example.com created\n"},
	{line: "wait --for=condition=Established crd/things.example.com --timeout=20s",
		says: "customresourcedefinition.apiextensions.k8s.io/things.example.com condition met\n"},
	{line: "apply -f -", input: thing, says: "thing.example.com/t created\n"},
	{line: "apply --server-side -f -", input: thing, says: "thing.example.com/t serverside-applied\n"},
	{line: "get things", says: `NAME +AGE\nt +\S+\n`},
	{line: "api-resources --api-group=example.com --no-headers -o name", says: "things.example.com\n"},
	{line: "label thing t a=b", says: "thing.example.com/t labeled\n"},
	{line: "delete thing t", says: `thing.example.com "t" deleted( from default namespace)?\n`},
	{line: "delete crd things.example.com --timeout=20s", says: `customresourcedefinition.* deleted\n`},
	{line: "create service clusterip s -n team --tcp=80:80", says: "service/s created\n"},
	{line: "get service s -n team", says: `NAME +TYPE +CLUSTER-IP .*\ns +ClusterIP +1\S+ +<none> +80/TCP +\S+\n`},

	{line: "create -f -", input: pod, only: fakeServer, says: "pod/p created\n"},
	{line: "wait --for=condition=Ready pod/p -n team --timeout=20s", only: fakeServer, says: "pod/p condition met\n"},
	{line: "get pods -A -l app=p --field-selector status.phase=Running,spec.nodeName=w -o name", only: fakeServer,
		says: "pod/p\n"},
	{line: "create -f -", input: budget, only: fakeServer, says: "poddisruptionbudget.policy/b created\n"},
	{line: "drain w --force --ignore-daemonsets --timeout=6s", only: fakeServer, fails: true,
		says: `.*Cannot evict pod as it would violate the pod's disruption budget.*`},
	{line: "delete pdb b -n team", only: fakeServer, says: `poddisruptionbudget.policy "b" deleted.*`},
	// The real one would refuse pods without its admission plugins' ServiceAccount, and has no kubelet that ends them.
	{line: "drain w --force --ignore-daemonsets --timeout=20s", only: fakeServer, says: `.*node/w drained\n`},
	{line: "get pods -n team -l app=p", only: fakeServer, says: `No resources found in team namespace.\n`},
	{line: "get pods -n team --field-selector status.phase=Pending -o name", only: fakeServer, says: `(pod/d-\S+\n){3}`},
	{line: "uncordon w", says: `node/w (already )?uncordoned\n`},
	{line: "rollout status deployment/d -n team --timeout=20s", only: fakeServer, says: `.*successfully rolled out\n`},
	{line: "logs -n kube-system etcd-cp", only: fakeServer, fails: true, says: `.*a fake node runs no containers.*`},
	{line: "exec -n kube-system etcd-cp -- true", only: fakeServer, fails: true,
		says: `.*a fake node runs no containers.*`},

	// The real one has no controller that empties the namespace.
	{line: "delete namespace team --timeout=20s", only: fakeServer, says: `namespace "team" deleted\n`},
	{line: "get namespace team", only: fakeServer, fails: true, says: `.*namespaces "team" not found\n`},
	{line: "delete namespace kube-system", fails: true,
		says: `Error from server \(Forbidden\): namespaces "kube-system" is forbidden: this namespace may not be deleted\n`},
	{line: "delete node w", says: `node "w" deleted\n`},
	{line: "get nodes -o name", says: "node/cp\n"},
}

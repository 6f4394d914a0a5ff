/** Commands that documents tell a person to type, and by what they are run or why they are not. */
export interface Documented {
    /** The commands as they stand in the documents, without comments. */
    commands?: readonly string[];
    /** All commands of the documents below this folder. */
    folder?: string;
    /** File of the test that runs them or what they call, and a text of it that shows that. */
    runBy?: { file: string; says: string };
    /** Why no test runs them. */
    because?: string;
}

const NETWORK = "192.168.223.0/24";

/** What the tutorial has is run by its test, and need not be here. */
export const DOCUMENTED: readonly Documented[] = [
    { commands: ["npm test"], runBy: { file: ".ci/run", says: "bootstrap.mjs test" } },
    {
        commands: ["pulumi up", "pulumi destroy"],
        runBy: { file: "test/e2e/steps/lab.ts", says: 'pulumi(["destroy"' },
    },
    {
        commands: ["pulumi config set nodes 20 && pulumi config set clusters 10"],
        because: "the tutorial grows a smaller lab in the same way: twenty hosts take CI minutes more",
    },
    {
        commands: ["npm run status -- --watch", "npm run status -- --json", "npm run status -- --kubeconfig FILE"],
        because: "they do not end, or are for a program: test/unit/status.test.ts and its neighbours test them",
    },
    {
        commands: ["npm run describe -- cluster-0000 --json"],
        runBy: { file: "test/unit/look-command.test.ts", says: 'lab("describe", "host-0000", "--json")' },
    },
    {
        commands: ["npm run logs -- --host host-0000", "npm run logs -- --cluster cluster-0000"],
        runBy: { file: "test/unit/look-command.test.ts", says: 'lab("logs", "--cluster", "cluster-0000")' },
    },
    {
        commands: ["npm run pictures -- .lab/records/RECORD.jsonl"],
        because: "it takes a browser of 300 MB; test/unit/pictures.test.ts tests what it draws, and says without one",
    },
    { commands: ["npm run doctor"], because: "it changes nothing; test/unit/lab-findings.test.ts tests what it says" },
    {
        commands: ["npm run drift"],
        because: "it needs a pull request's place to be posted: test/unit/forge-drift.test.ts tests what it says",
    },
    {
        commands: ["npm run bundle -- --stack dev --out lab.tar", "npm run up -- --stack dev --bundle lab.tar"],
        runBy: { file: "test/e2e/bundle.test.ts", says: '"bundle"' },
    },
    {
        commands: [
            "npm run up -- --stack minikube",
            "npm run down -- --stack minikube",
            "sudo apt install qemu-system-x86 libvirt-daemon-system libvirt-clients xsltproc docker.io",
            "sudo dnf install @virtualization libvirt-client libxslt moby-engine",
            "sudo systemctl enable --now libvirtd docker",
            "sudo usermod -aG libvirt,kvm,docker $USER",
        ],
        because: "they need KVM and root; test/e2e/lab.test.ts makes a lab in minikube's Docker driver",
    },
    {
        commands: [
            "pulumi config set --path ipa.kernel.from https://tarballs.opendev.org/openstack/ironic-python-agent/dib/files/ipa-centos9-master.kernel",
            "pulumi config set --path ipa.kernel.sha256 KERNEL_SHA256",
            "pulumi config set --path ipa.ramdisk.from /srv/ipa/ipa-centos9-master.initramfs",
            "pulumi config set --path ipa.ramdisk.sha256 RAMDISK_SHA256",
        ],
        because: "they download hundreds of megabytes; test/e2e/steps/ipa.ts sets the same keys to files of its own",
    },
    {
        commands: [
            "pulumi stack init existing",
            "pulumi config set --stack existing kubeconfig ~/.kube/config",
            "pulumi config set --stack existing kubeContext my-context",
            "pulumi config set --stack existing imageRegistry registry.example/lab",
            "npm run up -- --stack existing",
            "npm run down -- --stack existing",
            "kubectl apply -f docs/existing-role.yaml",
            "kubectl create serviceaccount lab-user",
            "kubectl create clusterrolebinding lab-user --clusterrole metal3-scale-lab " +
                "--serviceaccount default:lab-user",
        ],
        because:
            "cluster and registry are a person's own; test/e2e/existing.test.ts sets the keys for one that it makes",
    },
    {
        commands: [
            "docker login registry.example:5000",
            "pulumi config set imageRegistry registry.example:5000/lab",
            "pulumi config set --path 'imagePullSecrets[0]' registry",
            "kubectl -n metal3 create secret docker-registry registry --docker-server " +
                "registry.example:5000 --docker-username …",
            "pulumi config set --path images.source pull",
            "pulumi config set --path images.overrides.sushy-tools quay.io/metal3-io/sushy-tools@sha256:…",
            "npm run publish-images -- --registry registry.example/lab --tag v1.2.0",
        ],
        because: "the registry is a person's own; test/e2e/registry.test.ts has one of its own",
    },
    {
        commands: [
            "pulumi config set versionSet 2026.3",
            "pulumi config set --path versions.ironic 37.0.0",
            "pulumi config set --path versions.capi 1.14.2",
        ],
        because: "each takes a build of minutes; test/e2e/steps/versions.ts goes through versions with --whole",
    },
    {
        commands: [
            "pulumi config set embeddedWorkers 2",
            "kubectl get nodes -o wide",
            "kubectl get pods -A -o wide --sort-by=.spec.nodeName",
            "kubectl drain m3lab-dev-worker-1 --ignore-daemonsets --delete-emptydir-data",
            "kubectl -n metal3 get pods -o wide -w",
            "kubectl uncordon m3lab-dev-worker-1",
            "docker kill m3lab-dev-worker-1",
            "kubectl get nodes -w",
        ],
        because: "test/e2e/workers.test.ts does the same to nodes of its own, and does not watch",
    },
    {
        commands: [
            "npm run bench -- --nodes 20,50,100",
            "npm run bench -- --nodes 100",
            "npm run bench -- --nodes 100 --runs 5",
            "npm run bench -- --nodes 200,400 --grow",
            "npm run bench -- --nodes 200,400,200 --under-load",
            "npm run bench -- --nodes 100 --clusters 0",
            "npm run bench -- --nodes 200 --idle 3600",
            "npm run bench -- --nodes 20 --clusters 10 --set workerNodes=1 --reference",
            "npm run bench -- --nodes 50 --runs 3 --compare conductors=4",
            "npm run bench -- --nodes 50 --runs 3 --compare-checkout ../before",
            "npm run bench -- --nodes 50 --runs 3 --compare-no-record",
            "npm run bench -- --nodes 100 --thresholds limits.yaml",
            "npm run bench -- --sizing",
            "npm run bench -- --sizing --nodes 100,300,1000 --conductors 1,2",
            "npm run bench -- --sizing --power-sync published",
            "npm run bench -- --sizing --nodes 100,300 --conductors 1 --power-sync published",
        ],
        because: "each measures a quiet machine for ten minutes to hours: docs/measurements has what was measured",
    },
    {
        commands: ["npm run up -- --no-record"],
        because:
            "it differs from `npm run up` by what it does not write; test/unit/bench-sides.test.ts tests it of bench",
    },
    {
        commands: [
            "npm run report -- .lab/records/RECORD.jsonl",
            "npm run report -- --compare A.jsonl B.jsonl",
            "npm run report -- --compare A1.jsonl,A2.jsonl,A3.jsonl B1.jsonl,B2.jsonl,B3.jsonl",
            "npm run report -- RECORD.jsonl --thresholds limits.yaml --junit limits.xml",
        ],
        because: "their records are a person's; the tutorial draws one, test/unit/report-compare.test.ts compares",
    },
    {
        commands: [
            "kubectl -n metal3 port-forward deploy/fkas-0 8080 &",
            "curl -s localhost:8080/metrics | grep ^fkas_host",
        ],
        because: "the first does not end; the Go tests of services/fkas read the same metrics",
    },
    {
        commands: [
            "pulumi config set observability true",
            "kubectl -n metal3 port-forward service/prometheus 9090",
            "pulumi config rm observability && npm run up",
        ],
        runBy: { file: "test/e2e/steps/metrics.ts", says: "observability" },
    },
    {
        commands: [
            "npm run capacity",
            "npm run capacity -- --clusters 0 --limit 60",
            "npm run capacity -- --thresholds limits.yaml --start 200 --precision 5",
        ],
        because: "each makes labs for up to an hour: test/unit/capacity-search.test.ts searches among fake labs",
    },
    {
        commands: [
            "METAL3_SCALE_LAB_MACHINE=16,128 pulumi preview",
            "npm run preview-comment -- --stacks thousand --machine 16,128",
        ],
        because: "only the machine differs from other previews: test/unit/prediction-words.test.ts has what they say",
    },
    {
        commands: ["npm run preview-comment -- --base origin/main", "npm run preview-comment -- --stacks hundred"],
        because: "they need a remote branch; test/unit/forge-preview.test.ts tests what they write",
    },
    {
        commands: [
            "export PULUMI_BACKEND_URL=file:///srv/lab-state",
            "export PULUMI_BACKEND_URL='s3://labs?region=eu-west-1'",
            "export " +
                "PULUMI_BACKEND_URL='s3://labs?endpoint=http://127.0.0.1:9000&region=us-east-1&s3ForcePathStyle=true'",
        ],
        because: "folder and buckets are a person's own; test/e2e/state.test.ts has a bucket of its own",
    },
    {
        commands: [
            "pulumi stack init second",
            `pulumi config set provisioningCidr ${NETWORK}`,
            "npm run up -- --stack second",
        ],
        because: "every end-to-end suite is such a lab beside another, with a stack and a network of its own",
    },
    {
        commands: [
            "kubectl -n metal3 get baremetalhosts,clusters,machines,pods -o wide",
            "docker logs m3lab-dev-pair-000-fake-ipa",
            "kubectl -n metal3 logs deploy/pair-000 -c fake-ipa",
            "docker exec m3lab-dev-control-plane ls /var/log/lab-node",
            "kubectl -n metal3 logs deploy/ironic-conductor-0 -c ironic",
            "ls ~/.cache/metal3-scale-lab/logs",
        ],
        because: "they only show where things are, and test/unit/look-sources.test.ts knows the same names",
    },
    {
        commands: [
            "address=$(kubectl -n metal3 get baremetalhost host-0001 -o jsonpath='{.spec.bmc.address}')",
            "password=$(kubectl -n metal3 get secret host-0001-bmc -o jsonpath='{.data.password}' | base64 -d)",
            'reset="${address#redfish+}/Actions/ComputerSystem.Reset"',
            'curl -u "admin:$password" --json \'{"ResetType":"ForceOff"}\' "$reset"',
        ],
        runBy: { file: "test/e2e/steps/power-off.ts", says: "body: { ResetType: type }" },
    },
    {
        commands: ["npm run test:vm", "npm run test:vm -- --nodes 2 --clusters 1", "npm run test:vm -- --keep"],
        because: "an emulated machine takes hours; they are tests themselves",
    },
    {
        commands: [
            "pulumi config set --path hostProfiles.small 70",
            "pulumi config set --path hostProfiles.rack 20",
            "pulumi config set --path hostProfiles.storage 10",
            "kubectl -n metal3 get bmh -L metal3-scale-lab/profile",
            "kubectl -n metal3 get hardwaredata host-0002 -o yaml",
            "kubectl -n metal3 get hostfirmwaresettings host-0002 -o yaml",
        ],
        runBy: { file: "test/e2e/steps/profiles.ts", says: "hostProfiles: SHARES" },
    },
    {
        folder: "docs/upstream/",
        because: "they show faults of upstream's, some of which need Ironic's own Python environment",
    },
    { folder: "docs/measurements/", because: "they say how something was measured once" },
];

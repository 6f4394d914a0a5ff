package pki

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"net"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	bootstrapv1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/cluster-api/util/certs"
	"sigs.k8s.io/cluster-api/util/kubeconfig"
	"sigs.k8s.io/cluster-api/util/secret"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/serving"
)

// ErrNotYet says that an authority does not exist yet, and that KCP or a person has to create it.
var ErrNotYet = errors.New("the cluster's certificate authority Secrets do not exist yet")

// Authorities are what FKAS signs with: two certificate authorities, and the key for tokens of ServiceAccounts, which a
// cluster that is registered over HTTP need not have.
type Authorities struct {
	CA, EtcdCA      serving.KeyPair
	ServiceAccounts crypto.Signer
}

// Store reads and writes the Secrets of clusters, past the cache.
type Store struct {
	Client client.Client
	// Algorithm of the keys that the Ensure methods create.
	Algorithm bootstrapv1.EncryptionAlgorithmType
}

// Load reads the authorities of a cluster. It returns ErrNotYet if one is missing.
func (s *Store) Load(ctx context.Context, cluster types.NamespacedName) (Authorities, error) {
	ca, err := s.load(ctx, cluster, secret.ClusterCA)
	if err != nil {
		return Authorities{}, err
	}
	etcd, err := s.load(ctx, cluster, secret.EtcdCA)
	if err != nil {
		return Authorities{}, err
	}
	accounts, err := s.loadServiceAccounts(ctx, cluster)
	return Authorities{CA: ca, EtcdCA: etcd, ServiceAccounts: accounts}, err
}

func (s *Store) loadServiceAccounts(ctx context.Context, cluster types.NamespacedName) (crypto.Signer, error) {
	found, err := secret.GetFromNamespacedName(ctx, s.Client, cluster, secret.ServiceAccount)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf(
			"read Secret %s/%s: %w", cluster.Namespace, secret.Name(cluster.Name, secret.ServiceAccount), err)
	}
	return signer(found.Data[secret.TLSKeyDataName], cluster.Namespace+"/"+found.Name)
}

func signer(data []byte, name string) (crypto.Signer, error) {
	key, err := certs.DecodePrivateKeyPEM(data)
	if err != nil || key == nil {
		return nil, fmt.Errorf("read Secret %s: %s is not a PEM private key (%v)", name, secret.TLSKeyDataName, err)
	}
	return key, nil
}

func (s *Store) load(
	ctx context.Context,
	cluster types.NamespacedName,
	purpose secret.Purpose,
) (serving.KeyPair, error) {
	found, err := secret.GetFromNamespacedName(ctx, s.Client, cluster, purpose)
	if apierrors.IsNotFound(err) {
		return serving.KeyPair{}, ErrNotYet
	}
	if err != nil {
		return serving.KeyPair{}, fmt.Errorf(
			"read Secret %s/%s: %w",
			cluster.Namespace,
			secret.Name(cluster.Name, purpose),
			err,
		)
	}
	return keyPair(found.Data, cluster.Namespace+"/"+found.Name)
}

func keyPair(data map[string][]byte, name string) (serving.KeyPair, error) {
	cert, err := certs.DecodeCertPEM(data[secret.TLSCrtDataName])
	if err != nil || cert == nil {
		return serving.KeyPair{}, fmt.Errorf(
			"read Secret %s: %s is not a PEM certificate (%v)",
			name,
			secret.TLSCrtDataName,
			err,
		)
	}
	key, err := signer(data[secret.TLSKeyDataName], name)
	return serving.KeyPair{Cert: cert, Key: key}, err
}

// EnsureAuthorities creates the authorities and service account keys of a cluster that do not exist, and returns the
// authorities. An authority that KCP created at the same moment wins. The Cluster owns the Secrets until KCP adopts
// them, so that they are deleted with it.
func (s *Store) EnsureAuthorities(
	ctx context.Context,
	cluster types.NamespacedName,
	owner metav1.OwnerReference,
) (Authorities, error) {
	certificates := secret.NewCertificatesForInitialControlPlane(nil)
	if err := certificates.Lookup(ctx, s.Client, cluster); err != nil {
		return Authorities{}, fmt.Errorf("look up certificates of cluster %s: %w", cluster, err)
	}
	lost := false
	for _, certificate := range certificates {
		certificate.KeyEncryptionAlgorithm = s.Algorithm
		if certificate.KeyPair != nil {
			continue
		}
		if err := certificate.Generate(); err != nil {
			return Authorities{}, fmt.Errorf("generate %s of cluster %s: %w", certificate.Purpose, cluster, err)
		}
		err := s.Client.Create(ctx, certificate.AsSecret(cluster, owner))
		switch {
		case apierrors.IsAlreadyExists(err):
			lost = true
		case err != nil:
			return Authorities{}, fmt.Errorf("create %s Secret of cluster %s: %w", certificate.Purpose, cluster, err)
		}
	}
	if lost {
		if err := certificates.Lookup(ctx, s.Client, cluster); err != nil {
			return Authorities{}, fmt.Errorf("look up certificates of cluster %s: %w", cluster, err)
		}
	}
	authorities := Authorities{}
	for purpose, target := range map[secret.Purpose]*serving.KeyPair{
		secret.ClusterCA: &authorities.CA, secret.EtcdCA: &authorities.EtcdCA,
	} {
		pair := certificates.GetByPurpose(purpose).KeyPair
		decoded, err := keyPair(map[string][]byte{secret.TLSCrtDataName: pair.Cert, secret.TLSKeyDataName: pair.Key},
			cluster.Namespace+"/"+secret.Name(cluster.Name, purpose))
		if err != nil {
			return Authorities{}, err
		}
		*target = decoded
	}
	accounts := certificates.GetByPurpose(secret.ServiceAccount).KeyPair
	key, err := signer(accounts.Key, cluster.Namespace+"/"+secret.Name(cluster.Name, secret.ServiceAccount))
	authorities.ServiceAccounts = key
	return authorities, err
}

// EnsureKubeconfig creates the kubeconfig of a cluster that has none. The cluster must be served by then: Cluster API
// connects as soon as the kubeconfig exists.
func (s *Store) EnsureKubeconfig(
	ctx context.Context,
	cluster types.NamespacedName,
	owner metav1.OwnerReference,
	host string,
	port int32,
) error {
	_, err := secret.GetFromNamespacedName(ctx, s.Client, cluster, secret.Kubeconfig)
	if err == nil {
		return nil
	}
	if !apierrors.IsNotFound(err) {
		return fmt.Errorf("read kubeconfig Secret of cluster %s: %w", cluster, err)
	}
	endpoint := net.JoinHostPort(host, strconv.Itoa(int(port)))
	err = kubeconfig.CreateSecretWithOwner(
		ctx,
		s.Client,
		cluster,
		endpoint,
		owner,
		kubeconfig.KeyEncryptionAlgorithm(s.Algorithm),
	)
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create kubeconfig Secret of cluster %s: %w", cluster, err)
	}
	return nil
}

// ClusterOwner is the owner reference by which Secrets are deleted with their Cluster.
func ClusterOwner(cluster *clusterv1.Cluster) metav1.OwnerReference {
	return metav1.OwnerReference{
		APIVersion: clusterv1.GroupVersion.String(),
		Kind:       clusterv1.ClusterKind,
		Name:       cluster.Name,
		UID:        cluster.UID,
	}
}

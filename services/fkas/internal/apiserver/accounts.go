package apiserver

import (
	"context"
	"crypto"
	"errors"
	"fmt"

	"gopkg.in/go-jose/go-jose.v2/jwt"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/request/bearertoken"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/kubernetes/pkg/registry/authentication/tokenreview"
	"k8s.io/kubernetes/pkg/serviceaccount"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"metal3-scale-lab/fkas/internal/store"
)

// issuer is who signs tokens of ServiceAccounts, kubeadm's default.
const issuer = "https://kubernetes.default.svc.cluster.local"

var audiences = authenticator.Audiences{issuer}

// Accounts signs and checks the tokens of the ServiceAccounts of one cluster.
type Accounts struct {
	authenticator.Request
	generator serviceaccount.TokenGenerator
}

// NewAccounts makes them of the key with which the cluster signs tokens.
func NewAccounts(cluster *store.Cluster, key crypto.Signer) (*Accounts, error) {
	generator, err := serviceaccount.JWTTokenGenerator(issuer, key)
	if err != nil {
		return nil, fmt.Errorf("sign tokens of ServiceAccounts: %w", err)
	}
	keys, err := serviceaccount.StaticPublicKeysGetter([]any{key})
	if err != nil {
		return nil, fmt.Errorf("check tokens of ServiceAccounts: %w", err)
	}
	tokens := serviceaccount.JWTTokenAuthenticator(
		[]string{issuer}, keys, audiences, serviceaccount.NewValidator(accountGetter{cluster}))
	return &Accounts{Request: bearertoken.New(tokens), generator: generator}, nil
}

type accountsKey struct{}

// WithAccounts marks a context as belonging to a cluster with these accounts.
func WithAccounts(ctx context.Context, accounts *Accounts) context.Context {
	return context.WithValue(ctx, accountsKey{}, accounts)
}

var errNoKey = errors.New("the cluster has no key that signs tokens of ServiceAccounts")

func accountsFrom(ctx context.Context) (*Accounts, error) {
	if accounts, ok := ctx.Value(accountsKey{}).(*Accounts); ok && accounts != nil {
		return accounts, nil
	}
	return nil, errNoKey
}

// tokens signs tokens with the key of the cluster of the context.
type tokens struct{}

// GenerateToken signs a token.
func (tokens) GenerateToken(ctx context.Context, claims *jwt.Claims, private any) (string, error) {
	accounts, err := accountsFrom(ctx)
	if err != nil {
		return "", err
	}
	return accounts.generator.GenerateToken(ctx, claims, private)
}

// tokenReviews checks tokens for others. Kubernetes' own loses the context, by which the cluster is known.
type tokenReviews struct{ *tokenreview.REST }

// Create checks a token.
func (tokenReviews) Create(
	ctx context.Context,
	obj runtime.Object,
	validate rest.ValidateObjectFunc,
	options *metav1.CreateOptions,
) (runtime.Object, error) {
	accounts, err := accountsFrom(ctx)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	return tokenreview.NewREST(accounts, audiences).Create(ctx, obj, validate, options)
}

// accountGetter looks up what a token is bound to.
type accountGetter struct{ cluster *store.Cluster }

var _ serviceaccount.ServiceAccountTokenGetter = accountGetter{}

func lookUp[T client.Object](c *store.Cluster, kind, namespace, name string) (T, error) {
	var none T
	key := types.NamespacedName{Namespace: namespace, Name: name}
	obj, ok := c.Get(corev1.SchemeGroupVersion.WithKind(kind), key)
	if !ok {
		return none, apierrors.NewNotFound(corev1.Resource(kind), name)
	}
	return obj.(T), nil
}

// GetServiceAccount returns a ServiceAccount.
func (g accountGetter) GetServiceAccount(namespace, name string) (*corev1.ServiceAccount, error) {
	return lookUp[*corev1.ServiceAccount](g.cluster, "ServiceAccount", namespace, name)
}

// GetPod returns a Pod.
func (g accountGetter) GetPod(namespace, name string) (*corev1.Pod, error) {
	return lookUp[*corev1.Pod](g.cluster, "Pod", namespace, name)
}

// GetSecret returns a Secret.
func (g accountGetter) GetSecret(namespace, name string) (*corev1.Secret, error) {
	return lookUp[*corev1.Secret](g.cluster, "Secret", namespace, name)
}

// GetNode returns a Node.
func (g accountGetter) GetNode(name string) (*corev1.Node, error) {
	return lookUp[*corev1.Node](g.cluster, "Node", "", name)
}

package serving_test

import (
	"net/http"
	"testing"

	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"metal3-scale-lab/fkas/internal/testkit"
)

func TestTokensOfServiceAccountsLetIn(t *testing.T) {
	g, ctx := NewWithT(t), testkit.Context(t)
	server := newServer(t)
	s, other := spec(t, "c"), spec(t, "other")
	g.Expect(server.Ensure(s)).To(Succeed())
	g.Expect(server.Ensure(other)).To(Succeed())
	fill(t, server, s, []string{"cp"}, nil)
	fill(t, server, other, []string{"cp"}, nil)
	admin := clientset(t, s)
	request, err := admin.CoreV1().ServiceAccounts("default").
		CreateToken(ctx, "default", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	g.Expect(err).NotTo(HaveOccurred())

	bearing := func(of *rest.Config, token string) *rest.Config {
		config := rest.AnonymousClientConfig(of)
		config.BearerToken = token
		return config
	}
	here := bearing(testkit.RESTConfig(t, s.CA, address(s)), request.Status.Token)
	who, err := kubernetes.NewForConfigOrDie(here).AuthenticationV1().SelfSubjectReviews().
		Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(who.Status.UserInfo.Username).To(Equal("system:serviceaccount:default:default"))
	g.Expect(who.Status.UserInfo.Groups).To(ConsistOf(
		"system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"))

	review := func(token string) authenticationv1.TokenReviewStatus {
		found, err := admin.AuthenticationV1().TokenReviews().Create(ctx, &authenticationv1.TokenReview{
			Spec: authenticationv1.TokenReviewSpec{Token: token},
		}, metav1.CreateOptions{})
		g.Expect(err).NotTo(HaveOccurred())
		return found.Status
	}
	g.Expect(review(request.Status.Token).Authenticated).To(BeTrue())
	g.Expect(review("nonsense").Authenticated).To(BeFalse())

	code, _ := ask(t, bearing(testkit.RESTConfig(t, s.CA, address(s)), "nonsense"), "/api")
	g.Expect(code).To(Equal(http.StatusUnauthorized))
	there := bearing(testkit.RESTConfig(t, other.CA, address(other)), request.Status.Token)
	code, _ = ask(t, there, "/api")
	g.Expect(code).To(Equal(http.StatusUnauthorized), "another cluster has another key")
	g.Expect(admin.CoreV1().ServiceAccounts("default").Delete(ctx, "default", metav1.DeleteOptions{})).To(Succeed())
	code, _ = ask(t, here, "/api")
	g.Expect(code).To(Equal(http.StatusUnauthorized), "the account is gone")
}
